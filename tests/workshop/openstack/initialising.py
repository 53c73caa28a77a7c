"""The lab's databases and identities: made once, then a copy is put back whenever a fresh cloud is wanted."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .configuration import write_configuration
from .database import sql
from .installing import LabError, Say
from .places import ADDRESS, CODE, DATABASES, PASSWORD, PORTS, REGION, Lab, url
from .processes import alive, answers, halt, names, wait_for
from .services import start_database, start_keystone, stop


def initialise(lab: Lab, say: Say) -> None:
    """Have a cloud with users, endpoints and nothing else, unless there is one."""
    if lab.pristine.exists():
        return
    stop(lab)
    for folder in (lab.var, lab.etc):
        shutil.rmtree(folder, ignore_errors=True)
    write_configuration(lab)
    say("making the databases")
    _run(
        lab, "mariadb-install", "mariadb-install-db", "--no-defaults", "--user=root", f"--datadir={lab.var / 'mysql'}",
        "--auth-root-authentication-method=normal", "--skip-test-db",
    )  # fmt: skip
    start_database(lab)
    statements = [f"create database {name} character set utf8mb4" for name in DATABASES]
    sql(lab, "; ".join([*statements, f"grant all on *.* to root@'{ADDRESS}' identified by '' with grant option"]))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda make: make(lab), (_keystone, _nova, _neutron, _others)))
    say("making users and endpoints")
    start_keystone(lab)
    wait_for(lab, "keystone", lambda: answers(url("keystone", "/v3")))
    services = ["placement:placement:", "glance:image:", "neutron:network:", "nova:compute:/v2.1"]
    services += ["ironic:baremetal:", "octavia:load-balancer:"]
    endpoints = [f"{service}={url(service.partition(':')[0])}" for service in services]
    _run(lab, "identity", lab.python, CODE / "identity.py", url("keystone", "/v3"), PASSWORD, REGION, *endpoints)
    halt(lab, "keystone", 10)
    halt(lab, "mariadb", 60)
    part = lab.pristine.with_suffix(".part")
    with tarfile.open(part, "w") as archive:
        archive.add(lab.var / "mysql", "mysql")
    part.replace(lab.pristine)


def forget(lab: Lab) -> None:
    """Put the databases of the fresh cloud in the place of those in use. Nothing may run."""
    running = [name for name in names(lab) if alive(lab, name)]
    if running:
        raise LabError(f"the cloud can't begin anew while these run: {', '.join(running)}")
    gone = [lab.var / "mysql", lab.var / "rabbitmq", lab.var / "glance", lab.instances, *lab.var.glob("nova-*")]
    for folder in gone:
        shutil.rmtree(folder, ignore_errors=True)
    with tarfile.open(lab.pristine) as archive:
        archive.extractall(lab.var, filter="data")


def _keystone(lab: Lab) -> None:
    for name in ("fernet-keys", "credential-keys"):
        (lab.etc / "keystone" / name).mkdir(mode=0o700, exist_ok=True)
    manage = f"keystone-manage --config-dir {lab.etc / 'keystone'}"
    owner = "--keystone-user root --keystone-group root"
    here = url("keystone", "/v3")
    urls = f"--bootstrap-admin-url {here} --bootstrap-internal-url {here} --bootstrap-public-url {here}"
    bootstrap = f"{manage} bootstrap --bootstrap-password {PASSWORD} --bootstrap-region-id {REGION} {urls}"
    commands = (f"{manage} db_sync", f"{manage} fernet_setup {owner}", f"{manage} credential_setup {owner}", bootstrap)
    _run(lab, "init-keystone", lab.python, CODE / "manage.py", "keystone.cmd.manage", *commands)


def _nova(lab: Lab) -> None:
    files = " ".join(f"--config-file {lab.etc}/nova/{name}.conf" for name in ("nova", "db", "manage"))
    manage = f"nova-manage {files}"
    cell0 = f"mysql+pymysql://root@{ADDRESS}:{PORTS['mysql']}/nova_cell0?charset=utf8mb4"
    commands = (
        f"{manage} api_db sync",
        f"{manage} cell_v2 map_cell0 --database_connection {cell0}",
        f"{manage} cell_v2 create_cell --name cell1",
        f"{manage} db sync",
    )
    _run(lab, "init-nova", lab.python, CODE / "manage.py", "nova.cmd.manage", *commands)


def _neutron(lab: Lab) -> None:
    files = ("--config-file", lab.etc / "neutron" / "neutron.conf", "--config-file", lab.etc / "neutron" / "ml2.ini")
    _run(lab, "init-neutron", lab.venv / "bin" / "neutron-db-manage", *files, "upgrade", "heads")


def _others(lab: Lab) -> None:
    for program, folder, name, *verb in (
        ("placement-manage", "placement", "placement.conf", "db", "sync"),
        ("glance-manage", "glance", "glance-api.conf", "db_sync"),
        ("ironic-dbsync", "ironic", "ironic.conf", "create_schema"),
        ("octavia-db-manage", "octavia", "octavia.conf", "upgrade", "head"),
    ):
        file = lab.etc / folder / name
        _run(lab, f"init-{folder}", lab.venv / "bin" / program, "--config-file", file, *verb)


def _run(lab: Lab, name: str, *words: str | Path) -> None:
    log = lab.log / f"{name}.out"
    with log.open("ab") as output:
        environment = {"PYTHONPATH": str(CODE), "PATH": f"{lab.venv / 'bin'}:/usr/sbin:/usr/bin:/sbin:/bin"}
        command = [str(word) for word in words]
        done = subprocess.run(command, env=environment, stdout=output, stderr=output, check=False)
    if done.returncode:
        raise LabError(f"{name} failed, see {log}")
