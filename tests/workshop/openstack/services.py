"""Starts and stops the lab's services."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from .database import sql
from .installing import MARIADB, RABBITMQ
from .places import ADDRESS, CODE, COMPUTES, PASSWORD, PORTS, Lab, url
from .processes import alive, answers, halt, listens, names, spawn, wait_for

# What shows that a service answers.
HEALTH = {
    "keystone": url("keystone", "/v3"),
    "placement": url("placement", "/"),
    "glance": url("glance", "/versions"),
    "neutron": url("neutron", "/"),
    "nova-api": url("nova", "/"),
    "ironic": url("ironic", "/"),
    "octavia": url("octavia", "/"),
}


def start_database(lab: Lab) -> None:
    """The database alone, which is all that it takes to make its content."""
    spawn(lab, "mariadb", [MARIADB, f"--defaults-file={lab.etc / 'my.cnf'}"])
    wait_for(lab, "mariadb", lambda: listens(PORTS["mysql"]) and (lab.run / "mysql.sock").exists())


def start_keystone(lab: Lab) -> None:
    _api(
        lab,
        "keystone",
        "keystone",
        "keystone.wsgi.api:application",
        {"OS_KEYSTONE_CONFIG_DIR": str(lab.etc / "keystone")},
    )


def start(lab: Lab) -> None:
    """Everything, and wait until all of it works."""
    began = time.time() if not alive(lab, "nova") else 0.0
    spawn(lab, "rabbitmq", ["sh", "-c", f"ulimit -n 4096; exec {RABBITMQ}"], _rabbitmq(lab))
    start_database(lab)
    start_keystone(lab)
    _start_apis(lab)
    # A compute that finds no Keystone and no Placement at its start tries again only after a minute.
    for name in ("keystone", "placement"):
        wait_for(lab, name, partial(answers, HEALTH[name]))
    _warm("keystone", "/v3/auth/tokens")
    _warm("placement", "/resource_providers")
    _start_nova(lab)
    for name, health in HEALTH.items():
        wait_for(lab, name, partial(answers, health))
    for service, path in (("neutron", "/v2.0/networks"), ("nova", "/v2.1/servers"), ("glance", "/v2/images")):
        _warm(service, path)
    _wait_for_computes(lab, began)


def stop(lab: Lab) -> None:
    """Everything; Nova first, while those it talks to still answer."""
    halt(lab, "nova", 4)
    services = [name for name in names(lab) if name not in ("mariadb", "rabbitmq")]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: halt(lab, name, 6), services))
        list(pool.map(lambda name: halt(lab, name, 30), ("rabbitmq", "mariadb")))
    # Erlang's port mapper outlives RabbitMQ; this one listens on a port of ours.
    environment = {"ERL_EPMD_ADDRESS": ADDRESS, "ERL_EPMD_PORT": str(PORTS["epmd"]), "PATH": "/usr/bin:/bin"}
    mapper = shutil.which("epmd")
    if mapper:
        subprocess.run([mapper, "-kill"], env=environment, capture_output=True, check=False)


def _start_apis(lab: Lab) -> None:
    etc = lab.etc
    _api(lab, "placement", "placement", "placement.wsgi.api", {"OS_PLACEMENT_CONFIG_DIR": f"{etc}/placement"})
    _api(lab, "glance", "glance", "glance.wsgi.api", {"OS_GLANCE_CONFIG_DIR": f"{etc}/glance"})
    neutron = {"OS_NEUTRON_CONFIG_DIR": f"{etc}/neutron", "OS_NEUTRON_CONFIG_FILES": "neutron.conf;ml2.ini"}
    _api(lab, "neutron", "neutron", "neutron.wsgi.api", neutron)
    # The first of these files is taken for the paste configuration.
    files = f"{lab.venv}/etc/nova/api-paste.ini;nova.conf;db.conf;api.conf"
    nova = {"OS_NOVA_CONFIG_DIR": f"{etc}/nova", "OS_NOVA_CONFIG_FILES": files}
    _api(lab, "nova-api", "nova", "nova.wsgi.osapi_compute", nova)
    octavia = f"--config-file {etc}/octavia/octavia.conf"
    _api(lab, "octavia", "octavia", "octavia.wsgi.api", {}, "--pyargv", octavia)
    spawn(lab, "octavia-worker", [lab.venv / "bin" / "octavia-worker", *octavia.split()])
    spawn(lab, "ironic", [lab.venv / "bin" / "ironic", "--config-file", etc / "ironic" / "ironic.conf"])


def _api(lab: Lab, name: str, port: str, module: str, environment: dict[str, str], *options: str) -> None:
    words: list[str | Path] = [
        lab.venv / "bin" / "uwsgi",
        "--ini",
        lab.etc / "uwsgi.ini",
        "--http-socket",
        f"{ADDRESS}:{PORTS[port]}",
    ]
    spawn(lab, name, [*words, "--module", module, *options], {"PYTHONPATH": str(CODE), **environment})


def _start_nova(lab: Lab) -> None:
    """Conductor, scheduler and a compute for each host, as children of one process that imports Nova once."""
    nova = lab.etc / "nova"
    groups = [[name, "nova", "db", name] for name in ("conductor", "scheduler")]
    groups += [["compute", "nova", f"compute-{host}"] for host in COMPUTES]
    words: list[str | Path] = [lab.python, CODE / "nova_services.py"]
    for name, *files in groups:
        words += [name, *(word for file in files for word in ("--config-file", nova / f"{file}.conf")), "--"]
    environment = {
        "PYTHONPATH": str(CODE),
        "LAB_INSTANCES": str(lab.instances),
        "LAB_HOOK": str(CODE / "spawn_hook.py"),
    }
    spawn(lab, "nova", words[:-1], environment)


def _rabbitmq(lab: Lab) -> dict[str, str]:
    return {
        "HOME": str(lab.var),
        "RABBITMQ_NODENAME": "navarch-lab@localhost",
        "RABBITMQ_CONFIG_FILE": str(lab.etc / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(lab.etc / "enabled_plugins"),
        "RABBITMQ_MNESIA_BASE": str(lab.var / "rabbitmq"),
        "RABBITMQ_LOG_BASE": str(lab.log),
        "RABBITMQ_PID_FILE": str(lab.run / "rabbitmq.beam"),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "ERL_EPMD_ADDRESS": ADDRESS,
        "ERL_EPMD_PORT": str(PORTS["epmd"]),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+sbwt none +sbwtdcpu none +sbwtdio none",
    }


def _warm(service: str, path: str) -> None:
    """One request first: Keystone answers 403 to those that arrive while it loads its policy."""
    token = _token()
    request = urllib.request.Request(url(service, path), headers={"X-Auth-Token": token, "X-Subject-Token": token})
    with contextlib.suppress(OSError):
        urllib.request.urlopen(request, timeout=60).close()


def _token() -> str:
    user = {"name": "admin", "domain": {"id": "default"}, "password": PASSWORD}
    scope = {"project": {"name": "admin", "domain": {"id": "default"}}}
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}}
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url("keystone", "/v3/auth/tokens"), json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as response:
        return str(response.headers["X-Subject-Token"])


def _wait_for_computes(lab: Lab, began: float) -> None:
    """Every host known to Nova and Placement, and mapped into the cell."""
    ready = (
        "select count(*) from nova.compute_nodes c join nova.services s on s.host=c.host and s.`binary`='nova-compute' "
        "and s.deleted=0 join placement.resource_providers p on p.uuid=c.uuid where c.deleted=0 "
        f"and s.last_seen_up >= from_unixtime({int(began)})"
    )
    wait_for(lab, "nova", lambda: int(sql(lab, ready) or 0) >= len(COMPUTES))
    if int(sql(lab, "select count(*) from nova_api.host_mappings") or 0) < len(COMPUTES):
        files = [word for name in ("nova", "db", "manage") for word in ("--config-file", f"{lab.etc}/nova/{name}.conf")]
        words = [str(lab.venv / "bin" / "nova-manage"), *files, "cell_v2", "discover_hosts"]
        subprocess.run(words, capture_output=True, check=True)
