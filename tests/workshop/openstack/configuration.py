"""Configuration of every service, written from the templates in data/openstack/conf."""

from __future__ import annotations

import json
import subprocess
from string import Template

from .places import ADDRESS, COMPUTES, DATA, DATABASES, PASSWORD, PORTS, REGION, Lab, url

# Which folder of etc/ each template goes to; empty: etc/ itself.
FOLDERS = {
    "my.cnf": "",
    "rabbitmq.conf": "",
    "uwsgi.ini": "",
    "keystone.conf": "keystone",
    "placement.conf": "placement",
    "glance-api.conf": "glance",
    "neutron.conf": "neutron",
    "ml2.ini": "neutron",
    "nova.conf": "nova",
    "ironic.conf": "ironic",
    "octavia.conf": "octavia",
}
AUTH = """\
[{section}]
auth_type = password
auth_url = {keystone}
username = {user}
password = {password}
project_name = service
user_domain_id = default
project_domain_id = default
region_name = {region}
"""
TOKEN = """\
www_authenticate_uri = {keystone}
service_token_roles = service
service_token_roles_required = true
"""
# Sections other than keystone_authtoken in which a service finds its way to another one: section and user.
ROADS = (
    ("nova", "nova"),
    ("placement", "placement"),
    ("neutron", "neutron"),
    ("service_user", "nova"),
    ("service_catalog", "ironic"),
    ("service_auth", "octavia"),
)


def write_configuration(lab: Lab) -> None:
    """Write etc/ anew; what services keep there themselves (keys) stays."""
    words = _words(lab)
    for place in (lab.run, lab.log, lab.instances, *(lab.etc / name for name in FOLDERS.values())):
        place.mkdir(parents=True, exist_ok=True)
    for name in ("glance", "glance-staging", "glance-tasks", "neutron", "nova", "ironic"):
        (lab.var / name).mkdir(parents=True, exist_ok=True)
    for name, folder in FOLDERS.items():
        template = (DATA / "openstack" / "conf" / name).read_text(encoding="utf-8")
        (lab.etc / folder / name).write_text(Template(template).substitute(words), encoding="utf-8")
    _nova_parts(lab, words)
    (lab.etc / "enabled_plugins").write_text("[].\n", encoding="utf-8")
    lab.clouds.write_text(_clouds(), encoding="utf-8")
    lab.clouds.chmod(0o600)
    _authority(lab)


def _words(lab: Lab) -> dict[str, str]:
    words = {f"port_{name}": str(port) for name, port in PORTS.items()}
    words |= {
        f"db_{name}": f"mysql+pymysql://root@{ADDRESS}:{PORTS['mysql']}/{name}?charset=utf8mb4" for name in DATABASES
    }
    words |= {"etc": str(lab.etc), "log": str(lab.log), "run": str(lab.run), "var": str(lab.var)}
    words |= {"venv": str(lab.venv), "amqp": f"rabbit://guest:guest@{ADDRESS}:{PORTS['amqp']}/"}
    for section, user in ROADS:
        words[f"auth_{section}_{user}"] = _auth(section, user)
    for user in ("placement", "glance", "neutron", "nova", "ironic", "octavia"):
        token = TOKEN.format(keystone=url("keystone", "/v3"))
        words[f"authtoken_{user}"] = _auth("keystone_authtoken", user) + token
    return words


def _auth(section: str, user: str) -> str:
    return AUTH.format(section=section, user=user, keystone=url("keystone", "/v3"), password=PASSWORD, region=REGION)


def _nova_parts(lab: Lab, words: dict[str, str]) -> None:
    """What only some of Nova's services may see: the databases (not the computes), a log and a name for each."""
    nova = lab.etc / "nova"
    databases = f"[api_database]\nconnection = {words['db_nova_api']}\n[database]\nconnection = {words['db_nova']}\n"
    (nova / "db.conf").write_text(databases, encoding="utf-8")
    for name in ("api", "conductor", "scheduler", "manage"):
        (nova / f"{name}.conf").write_text(f"[DEFAULT]\nlog_file = {lab.log}/nova-{name}.log\n", encoding="utf-8")
    for host in COMPUTES:
        (lab.var / f"nova-{host}").mkdir(exist_ok=True)
        text = f"[DEFAULT]\nhost = {host}\nstate_path = {lab.var}/nova-{host}\nlog_file = {lab.log}/nova-compute-{host}.log\n"
        (nova / f"compute-{host}.conf").write_text(text, encoding="utf-8")


def _clouds() -> str:
    """JSON is YAML that needs no library."""
    return (
        json.dumps(
            {"clouds": {"lab-admin": _cloud("admin"), "lab": _cloud("demo"), "lab-tight": _cloud("tight")}}, indent=2
        )
        + "\n"
    )


def _cloud(user: str) -> dict[str, object]:
    auth = {"auth_url": url("keystone", "/v3"), "username": user, "password": PASSWORD, "project_name": user}
    auth |= {"user_domain_id": "default", "project_domain_id": "default"}
    return {"auth": auth, "region_name": REGION, "interface": "public", "identity_api_version": 3}


def _authority(lab: Lab) -> None:
    """Octavia signs certificates for balancers, also where none is ever made."""
    folder = lab.etc / "octavia"
    if not (folder / "ca.pem").exists():
        words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", "/CN=lab"]
        words += ["-keyout", str(folder / "ca.key"), "-out", str(folder / "ca.pem")]
        subprocess.run(words, check=True, capture_output=True)
