"""The image of a host: a bare Debian or Ubuntu with systemd, SSH and Python, and a folder of packages that its apt installs from.

Made once per content of what follows, and kept in the cache folder: the rest of a run needs no network for hosts.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from . import distributions
from .distributions import Distribution
from .docker import Say, docker
from .paths import Paths

DATA = Path(__file__).parent / "data" / "host"
REPOSITORY = "navarch-host"
SUITE = "bookworm"
# What an installer leaves on a server; all else is the product's to install.
BASE = (
    "ca-certificates",
    "dbus",
    "iproute2",
    "kmod",
    "openssh-server",
    "procps",
    "python3",
    "sudo",
    "systemd",
    "systemd-sysv",
)
# What hosts can install, with all that it depends on: their only source of packages.
OFFERED = (
    "bird2",
    "chrony",
    "conntrack",
    "curl",
    "ebtables",
    "ethtool",
    "haproxy",
    "ipset",
    "iptables",
    "ipvsadm",
    "keepalived",
    "nftables",
    "rsync",
    "runc",
    "socat",
)
# Units that a container has no use for, or that would reach out.
MASKED = (
    "apt-daily-upgrade.timer",
    "apt-daily.timer",
    "dev-hugepages.mount",
    "dev-mqueue.mount",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "fstrim.timer",
    "getty.target",
    "sys-kernel-config.mount",
    "sys-kernel-debug.mount",
    "sys-kernel-tracing.mount",
    "systemd-logind.service",
    "systemd-timesyncd.service",
    "systemd-udev-trigger.service",
    "systemd-udevd.service",
)
# What looks for disks, keys and machines below at each start.
GENERATORS = (
    "systemd-bless-boot-generator",
    "systemd-cryptsetup-generator",
    "systemd-debug-generator",
    "systemd-getty-generator",
    "systemd-gpt-auto-generator",
    "systemd-hibernate-resume-generator",
    "systemd-integritysetup-generator",
    "systemd-rc-local-generator",
    "systemd-run-generator",
    "systemd-system-update-generator",
    "systemd-veritysetup-generator",
)
# overlayfs cannot lie on overlayfs, and etcd wants a disk.
VOLUMES = ("/var/lib/containerd", "/var/lib/etcd", "/var/lib/kubelet")
USER = "admin"


def ensure(paths: Paths, say: Say, suite: str = SUITE) -> str:
    """The tag of the image; made if it is not there."""
    tag = f"{REPOSITORY}:{suite}-{_digest(suite)}"
    if not docker("images", "-q", tag):
        folder = paths.cache / "hosts"
        base = _base(folder, suite, say)
        say(f"importing {tag}")
        _import(base, tag)
    docker("tag", tag, f"{REPOSITORY}:{suite}")
    return tag


def _digest(suite: str) -> str:
    parts = [_base_digest(suite).encode(), repr((MASKED, VOLUMES, USER)).encode(), Path(__file__).read_bytes()]
    parts += [file.read_bytes() for file in sorted(DATA.iterdir())]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]


def _base_digest(suite: str) -> str:
    return hashlib.sha256(repr((suite, BASE, OFFERED)).encode()).hexdigest()[:12]


def _base(folder: Path, suite: str, say: Say) -> Path:
    """The archive of the distribution's own files; the slow part."""
    archive = folder / f"{suite}-{_base_digest(suite)}.tar"
    if archive.exists():
        return archive
    folder.mkdir(parents=True, exist_ok=True)
    distribution = distributions.of(suite)
    with tempfile.TemporaryDirectory(prefix=".making-", dir=folder) as place:
        root = Path(place) / "root"
        keyring = distributions.keyring(distribution, Path(place))
        say(f"debootstrap of {suite}; takes two minutes")
        _run(
            "debootstrap", "--variant=minbase", f"--include={','.join(BASE)}", f"--keyring={keyring}",
            f"--components={','.join(distribution.components)}",
            suite, root, distributions.mirror(distribution), distributions.script(distribution),
        )  # fmt: skip
        say(f"packages for hosts: {', '.join(OFFERED)}")
        _offer(root, Path(place) / "apt", suite, distribution, keyring)
        _settle(root)
        part = Path(place) / "root.tar"
        _run("tar", "-C", root, "--numeric-owner", "-cf", part, ".")
        part.replace(archive)
    return archive


def _offer(root: Path, state: Path, suite: str, distribution: Distribution, keyring: Path) -> None:
    """Download what hosts may install into the root's own folder, with an index that apt reads."""
    target = root / "srv" / "packages"
    for folder in (target / "partial", state / "lists" / "partial", state / "cache"):
        folder.mkdir(parents=True)
    sources = state / "sources.list"
    sources.write_text(
        f"deb [signed-by={keyring}] {distributions.mirror(distribution)} {suite} {' '.join(distribution.components)}\n",
        encoding="utf-8",
    )
    settings = {
        "Dir::Etc::SourceList": sources,
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::State::Lists": state / "lists",
        "Dir::State::Status": root / "var/lib/dpkg/status",
        "Dir::Cache": state / "cache",
        "Dir::Cache::Archives": target,
        "APT::Sandbox::User": "root",
    }
    options = [f"-o{name}={value}" for name, value in settings.items()]
    _run("apt-get", *options, "-q", "update")
    _run("apt-get", *options, "-q", "-y", "--no-install-recommends", "--download-only", "install", *OFFERED)
    shutil.rmtree(target / "partial")
    (target / "lock").unlink(missing_ok=True)
    (target / "Packages").write_text("\n".join(_entry(file) for file in sorted(target.glob("*.deb"))), encoding="utf-8")


def _entry(package: Path) -> str:
    fields = subprocess.run(["dpkg-deb", "--field", package], capture_output=True, text=True, check=True).stdout
    content = package.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return f"{fields.rstrip()}\nFilename: ./{package.name}\nSize: {len(content)}\nSHA256: {digest}\n"


def _settle(root: Path) -> None:
    _run("chroot", root, "useradd", "--create-home", "--shell", "/bin/bash", USER)
    # Each host makes its own keys and number; its source of packages comes with what makes it a host.
    for file in (*(root / "etc/ssh").glob("ssh_host_*"), root / "etc/machine-id", root / "etc/apt/sources.list"):
        file.unlink(missing_ok=True)
    for folder in ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale"):
        for entry in (root / folder).iterdir():
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()


def _import(base: Path, tag: str) -> None:
    """Add what makes a container a machine, and give the whole to Docker."""
    with tempfile.TemporaryDirectory(prefix=".making-", dir=base.parent) as place:
        archive = Path(place) / "image.tar"
        shutil.copyfile(base, archive)
        with tarfile.open(archive, "a") as tar:
            _put(tar, "usr/local/lib/stand-in/prepare", (DATA / "prepare").read_bytes(), 0o755)
            _put(tar, "etc/systemd/system/stand-in.service", (DATA / "stand-in.service").read_bytes(), 0o644)
            _put(tar, "etc/apt/sources.list", (DATA / "packages.list").read_bytes(), 0o644)
            _put(tar, f"etc/sudoers.d/{USER}", f"{USER} ALL=(ALL) NOPASSWD: ALL\n".encode(), 0o440)
            _put(tar, "etc/machine-id", b"", 0o444)
            _link(tar, "etc/systemd/system/sysinit.target.wants/stand-in.service", "../stand-in.service")
            masked = {f"etc/systemd/system/{unit}" for unit in MASKED}
            masked |= {f"etc/systemd/system-generators/{generator}" for generator in GENERATORS}
            # Ubuntu masks some itself, and Docker takes no path twice.
            for name in sorted(masked - {member.removeprefix("./") for member in tar.getnames()}):
                _link(tar, name, "/dev/null")
        changes = [word for volume in VOLUMES for word in ("--change", f"VOLUME {volume}")]
        docker("import", *changes, "--change", 'CMD ["/sbin/init"]', str(archive), tag)


def _put(tar: tarfile.TarFile, name: str, content: bytes, mode: int) -> None:
    entry = tarfile.TarInfo(f"./{name}")
    entry.size, entry.mode = len(content), mode
    tar.addfile(entry, io.BytesIO(content))


def _link(tar: tarfile.TarFile, name: str, target: str) -> None:
    entry = tarfile.TarInfo(f"./{name}")
    entry.type, entry.linkname = tarfile.SYMTYPE, target
    tar.addfile(entry)


def _run(*words: str | os.PathLike[str]) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"{words[0]}: {(done.stderr or done.stdout).strip()[-500:]}")
