# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Helm charts, made into manifests by `helm template`: from a folder, an archive, a repository or an OCI registry.

Helm never talks to a cluster here, so that nothing of a release is kept there. It is told what each target serves, and
run once per variant: clusters with the same values, version and APIs share one run.
"""

from __future__ import annotations

import json
import os
import re
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .._kube.errors import InputError
from .._scheduling.validate import check
from .cluster_values import merged_values
from .digest import digest
from .documents import read_documents
from .expressions import Place, Reading, Template, compiled
from .identity import Manifest
from .programs import find_program, run_program
from .variants import Target

_DEADLINE = 180.0
_TEXT = {"type": "string", "minLength": 1}
CHART = {
    "type": "object",
    "properties": {
        "chart": {**_TEXT, "description": "A folder, an archive, oci://..., or the name of a chart in a repository."},
        "repository": {**_TEXT, "description": "The address of the repository."},
        "version": {**_TEXT, "description": "The version, or a range of versions; the newest when left out."},
        "release": {**_TEXT, "description": "The name of the release; that of the application when left out."},
        "namespace": {**_TEXT, "description": "Of the release; that of the application when left out."},
        "values": {"type": "object", "additionalProperties": {}, "description": "May hold [[ cluster.region ]]."},
        "valuesFiles": {"type": "array", "items": _TEXT, "description": "Below the values, later over earlier."},
        "hooks": {"enum": ["exclude", "include"], "description": "Include them as objects like any other."},
        "plainHttp": {"enum": [True, False], "description": "For a registry without TLS."},
    },
    "additionalProperties": False,
    "required": ["chart"],
}
_KEPT = (
    "DOCKER_CONFIG", "HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME", "HELM_REGISTRY_CONFIG",
    "HELM_REPOSITORY_CACHE", "HELM_REPOSITORY_CONFIG",
)  # fmt: skip
_TEMPLATES = frozenset({".tpl", ".yaml", ".yml"})
_LARGEST = 2_000_000
_HOOK = "helm.sh/hook"
_RANDOM = re.compile(
    r"\b(rand(AlphaNum|Alpha|Numeric|Ascii|Bytes|Int)|gen(PrivateKey|CA|SelfSignedCert|SignedCert)\w*|uuidv4|shuffle"
    r"|bcrypt|htpasswd|now)\b"
)


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart as the user names it, with values."""

    given: str
    repository: str | None
    version: str | None
    release: str
    namespace: str
    values: Mapping[str, Any]
    hooks: str
    plain_http: bool


@dataclass(slots=True)
class ChartSource:
    """A chart that lies on this machine, ready to be rendered for any cluster."""

    chart: Chart
    path: Path
    """Its folder, or its archive."""
    label: str
    """``chart shop-1.2.3``."""
    helm: str
    values: Template
    notes: list[str] = field(default_factory=list)
    _noted: set[str] = field(default_factory=set)

    def values_for(self, target: Target) -> dict[str, Any]:
        """The values with those of the cluster.

        :raises InputError: one of them is not there for it.
        """
        filled = self.values.filled(self.values.answers(target.facts, Place(target.name, self.label)))
        return merged_values(filled, target.facts.get("values") or {})

    def key(self, target: Target) -> str:
        """Equal for clusters that get the same."""
        return digest([self.values_for(target), target.kubernetes_version, sorted(target.api_versions)])

    def render(self, target: Target) -> Iterator[tuple[Any, str]]:
        """The manifests for a cluster, each with its origin."""
        text = self._template(target)
        if self._is_random(text, target):
            self._note(
                "random",
                f"{self.label} makes other objects each time it is rendered: it uses random values. Give those as values",
            )
        skipped = []
        for document in read_documents(text, f"{self.label} for {target.name}"):
            manifest = document.value
            if _is_hook(manifest) and not self._keeps_hook(manifest):
                skipped.append(f"{manifest.get('kind')} {(manifest.get('metadata') or {}).get('name')}")
                continue
            yield manifest, f"{self.label}, document {document.number} as rendered"
        if skipped:
            self._note("hooks", f"{self.label}: left out as hooks, which only Helm runs: {', '.join(skipped[:8])}")

    def _keeps_hook(self, manifest: Manifest) -> bool:
        kinds = {kind.strip() for kind in manifest["metadata"]["annotations"][_HOOK].split(",")}
        # What was how CRDs came before Helm 3 is an object like any other.
        return "crd-install" in kinds or (self.chart.hooks == "include" and not kinds & {"test", "test-success"})

    def _template(self, target: Target) -> str:
        # Values may be secret: they go by a file that nobody else can read, never on the command line.
        with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
            json.dump(self.values_for(target), file)
            file.flush()
            command = [
                self.helm, "template", self.chart.release, str(self.path), "--namespace", self.chart.namespace,
                "--include-crds", "--values", file.name,
            ]  # fmt: skip
            if target.kubernetes_version:
                command += ["--kube-version", target.kubernetes_version]
            if target.api_versions:
                command += ["--api-versions", ",".join(target.api_versions)]
            return run_program(
                command,
                f"{self.label} for {target.name}",
                deadline=_DEADLINE,
                advice="Correct the chart or its values",
                environment=environment(),
            )

    def _is_random(self, text: str, target: Target) -> bool:
        if "asked" in self._noted:
            return False
        self._noted.add("asked")
        return any(_RANDOM.search(found) for found in _templates(self.path)) and self._template(target) != text

    def _note(self, about: str, text: str) -> None:
        if about not in self._noted:
            self._noted.add(about)
            self.notes.append(text)


def read_chart(value: Any, number: int, *, release: str, namespace: str, base: Path) -> Chart:
    """The chart that a source gives; a text is its path.

    :raises InputError: everything that is wrong with it.
    """
    given: Any = {"chart": value} if isinstance(value, str) else value
    problems = list(check(given, CHART, f"source {number}.helm"))
    if problems:
        raise InputError(
            "; ".join(map(str, problems)), next_step="Correct the source; the guide on sources has the fields"
        )
    for name in ("chart", "repository", "version", "release", "namespace"):
        if str(given.get(name) or "").startswith("-"):
            raise InputError(f"source {number}.helm.{name}: {given[name]!r} begins with -", next_step="Correct it")
    values: dict[str, Any] = {}
    for file in given.get("valuesFiles") or ():
        values = merged_values(values, _values_in(base / Path(file).expanduser()))
    return Chart(
        given=given["chart"],
        repository=given.get("repository"),
        version=given.get("version"),
        release=given.get("release") or release,
        namespace=given.get("namespace") or namespace,
        values=merged_values(values, given.get("values") or {}),
        hooks=given.get("hooks") or "exclude",
        plain_http=bool(given.get("plainHttp")),
    )


def fetch_chart(chart: Chart, helm: str | None, base: Path, folder: Path) -> ChartSource:
    """Bring a chart to this machine, once for all clusters.

    :param folder: an empty one, for what has to be fetched or unpacked.
    """
    program = find_program("helm", helm, "helm", "a chart")
    is_remote = chart.repository is not None or chart.given.startswith("oci://")
    path = _pulled(program, chart, folder) if is_remote else _local(base / Path(chart.given).expanduser())
    metadata = _metadata(path)
    label = f"chart {metadata.get('name')}-{metadata.get('version')}"
    return ChartSource(chart, path, label, program, compiled(dict(chart.values), Reading.OURS, label))


def environment() -> dict[str, str]:
    """What helm may see beside what every program sees: where its user keeps its logins."""
    return {key: os.environ[key] for key in _KEPT if key in os.environ}


def _pulled(program: str, chart: Chart, folder: Path) -> Path:
    login = None if chart.repository is None else _known_repository(program, chart.repository)
    if login is not None:
        # Only by its name helm uses the login that it keeps for a repository, and only from an index that it has.
        _run(program, chart, "repo", "update", login)
        command = ["pull", f"{login}/{chart.given}"]
    else:
        command = ["pull", chart.given, *(["--repo", chart.repository] if chart.repository is not None else [])]
    command += ["--destination", str(folder)]
    if chart.version is not None:
        command += ["--version", chart.version]
    if chart.plain_http:
        command.append("--plain-http")
    _run(program, chart, *command)
    return next(folder.glob("*.tgz"))


def _known_repository(program: str, address: str) -> str | None:
    """The name that the user's `helm repo add` gave to an address."""
    try:
        listed = run_program(
            [program, "repo", "list", "--output", "json"],
            "helm repo list", deadline=_DEADLINE, advice="Look at helm repo list", environment=environment(),
        )  # fmt: skip
    except InputError:
        # A helm that keeps no list has no login either.
        return None
    known = json.loads(listed or "[]")
    return next((str(each["name"]) for each in known if each["url"].rstrip("/") == address.rstrip("/")), None)


def _run(program: str, chart: Chart, *arguments: str) -> str:
    return run_program(
        [program, *arguments],
        f"chart {chart.given}",
        deadline=_DEADLINE,
        advice="Check its name, version and address; helm gets logins by helm repo add or helm registry login, beforehand",
        environment=environment(),
    )


def _local(path: Path) -> Path:
    if path.is_dir() and not (path / "Chart.yaml").is_file():
        raise InputError(f"{path} has no Chart.yaml", next_step="Name the folder of the chart")
    if not path.exists():
        raise InputError(
            f"{path} is neither a chart's folder nor its archive",
            next_step="Check the path, or give the repository that the chart is in",
        )
    return path


def _metadata(path: Path) -> dict[str, Any]:
    """What Chart.yaml says, in a folder or an archive."""
    if path.is_dir():
        return _values_in(path / "Chart.yaml")
    # The chart's own file is the one that lies highest; those of the charts it depends on lie deeper.
    found = sorted(_members(path, lambda name: name.endswith("Chart.yaml")), key=lambda member: member[0].count("/"))
    if not found:
        raise InputError(f"{path} holds no Chart.yaml", next_step="Give an archive that helm package has made")
    return _mapping_in(found[0][1], f"{path}, {found[0][0]}")


def _templates(path: Path) -> Iterator[str]:
    """The texts of a chart's templates."""
    if path.is_dir():
        files = (file for file in path.rglob("*") if "templates" in file.parts and file.suffix in _TEMPLATES)
        yield from (file.read_text(encoding="utf-8", errors="replace") for file in files if file.is_file())
        return
    yield from (text for _name, text in _members(path, lambda name: "/templates/" in name))


def _members(archive: Path, is_wanted: Callable[[str], bool]) -> list[tuple[str, str]]:
    try:
        with tarfile.open(archive, "r:gz") as tar:
            wanted = [member for member in tar if member.isfile() and is_wanted(member.name)]
            return [(member.name, _read_member(tar, member)) for member in wanted]
    except (OSError, tarfile.TarError) as error:
        raise InputError(f"{archive} is no archive of a chart: {error}", next_step="Check the file") from error


def _read_member(tar: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    file = tar.extractfile(member)
    return file.read(_LARGEST).decode(errors="replace") if file is not None else ""


def _values_in(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} can't be read: {error}", next_step="Check the path") from error
    return _mapping_in(text, str(path))


def _mapping_in(text: str, name: str) -> dict[str, Any]:
    documents = list(read_documents(text, name))
    value = documents[0].value if documents else {}
    if len(documents) > 1 or not isinstance(value, Mapping):
        raise InputError(f"{name} is not one mapping", next_step="Write it as key: value")
    return dict(value)


def _is_hook(manifest: Any) -> bool:
    metadata = manifest.get("metadata") if isinstance(manifest, Mapping) else None
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    return isinstance(annotations, Mapping) and isinstance(annotations.get(_HOOK), str)
