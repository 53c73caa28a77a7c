# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Templates, charts and git references: read once per variant, pinned, and refused with the reason."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._delivery.application import Spec
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.identity import Identity, identify
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.overrides.rules import normalized
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.render import render
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.sources import Context, Sources, read_sources
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.tailoring import tailoring, targets_of
from ansible_collections.navarch.fleet.plugins.module_utils._delivery.variants import Variants
from ansible_collections.navarch.fleet.plugins.module_utils._kube.errors import InputError
from ansible_collections.navarch.fleet.plugins.module_utils._registry.member import Member

MEMBERS = {
    "n1": Member("n1", {"size": "small"}, region="north"),
    "n2": Member("n2", {"size": "small"}, region="north"),
    "s1": Member("s1", {"size": "large"}, region="south"),
}
WEB = Identity("apps", "Deployment", "", "web")

# Prints a Deployment and a hook from the values file, and writes down how it was called.
FAKE_HELM = """#!{python}
import json, os, sys, tarfile
arguments = sys.argv[1:]
with open(os.environ["HOME"] + "/calls", "a") as calls:
    calls.write(json.dumps(arguments) + "\\n")
if arguments[:2] == ["repo", "list"]:
    print(json.dumps([{{"name": "theirs", "url": "https://charts.example.com/private/"}}]))
    sys.exit()
if arguments[0] == "pull":
    with tarfile.open(arguments[arguments.index("--destination") + 1] + "/shop-1.2.3.tgz", "w:gz") as archive:
        archive.add(os.environ["HOME"] + "/chart", "shop")
if arguments[0] != "template":
    sys.exit()
values = json.load(open(arguments[arguments.index("--values") + 1]))
if values.get("broken"):
    sys.exit("Error: the chart says no")
print(json.dumps({{
    "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {{"name": "web"}},
    "spec": {{"replicas": values.get("replicas", 1), "template": {{"metadata": {{}}, "spec": {{"containers": [
        {{"name": "c", "image": values.get("image", "web:1")}}]}}}}}},
}}))
print(json.dumps({{
    "apiVersion": "batch/v1", "kind": "Job",
    "metadata": {{"name": "migrate", "annotations": {{"helm.sh/hook": "pre-install,pre-upgrade"}}}},
}}))
"""


def member_context(tmp_path: Path, overrides: Any = (), **options: Any) -> Context:
    spec = Spec("default", "shop", "shop", overrides=tuple(normalized(list(overrides))))
    return Context(name="shop", namespace="shop", base=tmp_path, targets=lambda: targets_of(spec, MEMBERS), **options)


@pytest.fixture
def helm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("HOME", str(tmp_path))
    program = tmp_path / "helm"
    program.write_text(FAKE_HELM.format(python=sys.executable))
    program.chmod(0o755)
    chart = tmp_path / "chart"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: shop\nversion: 1.2.3\n")
    return str(program)


def calls(tmp_path: Path) -> list[list[str]]:
    return [json.loads(line) for line in (tmp_path / "calls").read_text().splitlines()]


def images(sources: Sources) -> dict[str, str]:
    common = next(item for item in sources.objects if item["kind"] == "Deployment")
    found = {name: sources.variants.of(identify(common), name, common) for name in MEMBERS}
    return {name: item["spec"]["template"]["spec"]["containers"][0]["image"] for name, item in found.items() if item}


def test_a_chart_is_rendered_once_when_nothing_differs(tmp_path, helm):
    sources = read_sources(
        [{"helm": {"chart": "chart", "values": {"image": "web:2"}}}], member_context(tmp_path, helm=helm)
    )
    assert [item["kind"] for item in sources.objects] == ["Deployment"]
    assert sources.variants == Variants()
    assert sources.revisions == ("chart shop-1.2.3",)
    [call] = calls(tmp_path)
    assert call[:2] == ["template", "shop"]
    assert call[call.index("--namespace") + 1] == "shop"
    assert "web:2" not in " ".join(call)


def test_a_chart_is_rendered_once_per_variant_of_its_values(tmp_path, helm):
    source = {"helm": {"chart": "chart", "values": {"image": "[[ cluster.region ]]:1"}}}
    sources = read_sources([source], member_context(tmp_path, helm=helm))
    assert images(sources) == {"n1": "north:1", "n2": "north:1", "s1": "south:1"}
    assert len(calls(tmp_path)) == 2


def test_values_of_overrides_reach_the_chart(tmp_path, helm):
    rule = {"targetCluster": {"clusterNames": ["s1"]}, "overriders": {"values": {"image": "big:1"}}}
    sources = read_sources([{"helm": "chart"}], member_context(tmp_path, [rule], helm=helm))
    assert images(sources) == {"n1": "web:1", "n2": "web:1", "s1": "big:1"}


def test_a_hook_is_left_out_and_said_or_kept_on_request(tmp_path, helm):
    context = member_context(tmp_path, helm=helm)
    assert read_sources([{"helm": "chart"}], context).notes == (
        "chart shop-1.2.3: left out as hooks, which only Helm runs: Job migrate",
    )
    kept = read_sources([{"helm": {"chart": "chart", "hooks": "include"}}], context)
    assert [item["kind"] for item in kept.objects] == ["Deployment", "Job"]
    assert kept.notes == ()


@pytest.mark.parametrize(
    ("address", "asked"),
    [
        ("https://charts.example.com/private", ["theirs/shop"]),
        ("https://charts.example.com/public", ["shop", "--repo", "https://charts.example.com/public"]),
    ],
)
def test_a_repository_that_helm_has_a_login_for_is_asked_by_the_name_it_has_there(tmp_path, helm, address, asked):
    read_sources([{"helm": {"chart": "shop", "repository": address}}], member_context(tmp_path, helm=helm))
    pulled = next(call for call in calls(tmp_path) if call[0] == "pull")
    assert pulled[1 : 1 + len(asked)] == asked
    assert (["repo", "update", "theirs"] in calls(tmp_path)) == (asked == ["theirs/shop"])


def test_values_files_lie_below_the_values(tmp_path, helm):
    (tmp_path / "a.yaml").write_text("image: a:1\nreplicas: 4\n")
    (tmp_path / "b.yaml").write_text("image: b:1\n")
    given = {"chart": "chart", "valuesFiles": ["a.yaml", "b.yaml"], "values": {"other": 1}}
    [found] = read_sources([{"helm": given}], member_context(tmp_path, helm=helm)).objects
    assert found["spec"]["replicas"] == 4
    assert found["spec"]["template"]["spec"]["containers"][0]["image"] == "b:1"


def test_a_chart_that_fails_for_some_clusters_is_no_harm_while_they_are_not_chosen(tmp_path, helm):
    source = {
        "helm": {
            "chart": "chart",
            "values": {"broken": "[[ cluster.region == 'south' ]]", "image": "[[ cluster.name ]]:1"},
        }
    }
    sources = read_sources([source], member_context(tmp_path, helm=helm))
    assert images(sources) == {"n1": "n1:1", "n2": "n2:1"}
    sources.variants.check(["n1", "n2"])
    with pytest.raises(InputError, match="the chart says no"):
        sources.variants.check(["n1", "s1"])


def test_replicas_of_a_variant_win_over_the_placement(tmp_path, helm):
    source = {"helm": {"chart": "chart", "values": {"replicas": "[[ 5 if cluster.name == 's1' else 2 ]]"}}}
    sources = read_sources([source], member_context(tmp_path, helm=helm))
    measures = tailoring(Spec("default", "shop", "shop"), MEMBERS, sources.variants)
    result = render(sources.objects, {WEB: {"n1": 1, "n2": 1, "s1": 1}}, list(MEMBERS), tailoring=measures)
    assert {name: items[0]["spec"]["replicas"] for name, items in result.clusters.items()} == {
        "n1": 1,
        "n2": 1,
        "s1": 5,
    }
    assert result.notes == ("s1: Deployment web has 5 replicas by an override, the placement gave it 1",)


def test_variants_survive_being_kept(tmp_path, helm):
    source = {"helm": {"chart": "chart", "values": {"image": "[[ cluster.region ]]:1"}}}
    variants = read_sources([source], member_context(tmp_path, helm=helm)).variants
    assert Variants.from_dict(json.loads(json.dumps(variants.to_dict()))) == variants
    assert variants.candidates(["n1", "s1", "joined-later"]) == ("n1", "s1")


@pytest.mark.parametrize(
    ("helm_source", "said"),
    [
        ({"chrt": "chart"}, "did you mean chart?"),
        ({"chart": "nowhere"}, "neither a chart's folder nor its archive"),
        ({"chart": "templates-only"}, "no Chart.yaml"),
        ({"chart": "chart", "values": {"a": "[[ cluster.regoin ]]"}}, "cluster.region"),
        ({"chart": "chart", "values": {"broken": True}}, "the chart says no"),
        ({"chart": "chart", "release": "--post-renderer"}, "begins with -"),
        ({"chart": "chart", "hooks": "run"}, "'exclude', 'include'"),
        ({"chart": "chart", "valuesFiles": ["none.yaml"]}, "can't be read"),
    ],
)
def test_a_chart_that_can_not_be_rendered_is_refused_with_the_reason(tmp_path, helm, helm_source, said):
    (tmp_path / "templates-only").mkdir()
    with pytest.raises(InputError) as caught:
        read_sources([{"helm": helm_source}], member_context(tmp_path, helm=helm))
    assert said in str(caught.value)


def test_a_template_is_rendered_with_its_values(tmp_path):
    (tmp_path / "app.yaml.j2").write_text(
        "{% for name in names %}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ name }}}\n{% endfor %}\n"
    )
    sources = read_sources(
        [{"template": {"path": "app.yaml.j2", "values": {"names": ["a", "b"]}}}], member_context(tmp_path)
    )
    assert [item["metadata"]["name"] for item in sources.objects] == ["a", "b"]
    assert sources.variants == Variants()


def test_a_folder_of_templates_may_differ_from_cluster_to_cluster(tmp_path):
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "_region.j2").write_text("{{ cluster.region }}")
    (folder / "a.yaml").write_text(
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {region: "{% include "_region.j2" %}", v: "{{ v }}"}\n'
    )
    (folder / "notes.txt").write_text("{{ broken")
    sources = read_sources(
        [{"template": {"path": "app", "values": {"v": "[[ cluster.name ]]"}}}], member_context(tmp_path)
    )
    [common] = sources.objects
    data = {name: sources.variants.of(identify(common), name, common)["data"] for name in MEMBERS}
    assert data == {
        "n1": {"region": "north", "v": "n1"},
        "n2": {"region": "north", "v": "n2"},
        "s1": {"region": "south", "v": "s1"},
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ missing }}", "'missing' is undefined"),
        ("{% if %}", "line 1"),
        ("{{ ''.__class__.__mro__ }}", "not allowed"),
        ('{% include "../secret.j2" %}', "secret"),
        ("{{ cluster.regoin }}", "regoin"),
    ],
)
def test_a_template_that_can_not_be_rendered_is_refused(tmp_path, text, said):
    (tmp_path / "secret.j2").write_text("x")
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "a.yaml").write_text(text)
    with pytest.raises(InputError) as caught:
        read_sources([{"template": "app"}], member_context(tmp_path))
    assert said in str(caught.value)


def git(*arguments: str, folder: Path) -> str:
    identity = {f"GIT_{who}_{what}": "x@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    done = subprocess.run(
        ["git", *arguments], cwd=folder, check=True, capture_output=True, text=True, env={**os.environ, **identity}
    )
    return done.stdout.strip()


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two commits with tags, and a branch with a link that leads to a file beside the repository."""
    home = tmp_path_factory.mktemp("git")
    folder = home / "repository"
    (folder / "deploy").mkdir(parents=True)
    (home / "other").mkdir()
    (home / "other" / "secret.yaml").write_text("apiVersion: v1\nkind: Secret\nmetadata: {name: leaked}\n")
    git("init", "--quiet", "--initial-branch", "main", folder=folder)
    for number, name in enumerate(("first", "second")):
        (folder / "deploy" / "a.yaml").write_text(f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n")
        git("add", ".", folder=folder)
        git("commit", "--quiet", "--message", name, folder=folder)
        git("tag", f"v{number + 1}", folder=folder)
    git("checkout", "--quiet", "-b", "leaking", folder=folder)
    (folder / "link.yaml").symlink_to(home / "other" / "secret.yaml")
    git("add", ".", folder=folder)
    git("commit", "--quiet", "--message", "leak", folder=folder)
    git("checkout", "--quiet", "main", folder=folder)
    return folder


def names(sources: Sources) -> Sequence[str]:
    return [item["metadata"]["name"] for item in sources.objects]


@pytest.mark.parametrize(
    ("ref", "expected"), [("main", "second"), ("v1", "first"), ("HEAD", "second"), (None, "second")]
)
def test_a_repository_is_read_at_a_ref_and_pinned_to_its_commit(repository, ref, expected):
    reference = {"repository": repository.as_uri(), "ref": ref, "path": "deploy"}
    sources = read_sources([{"git": reference}], Context(base=repository.parent))
    assert names(sources) == [expected]
    commit = git("rev-parse", ref or "HEAD", folder=repository)
    assert sources.revisions == (f"git {repository.as_uri()}@{commit[:12]}, {ref or 'HEAD'}: {commit}",)
    assert commit[:12] in next(iter(sources.origins.values()))


def test_a_commit_is_a_ref_too(repository):
    commit = git("rev-parse", "v1", folder=repository)
    assert names(
        read_sources(
            [{"git": {"repository": "repository", "ref": commit, "path": "deploy"}}], Context(base=repository.parent)
        )
    ) == ["first"]


def test_a_repository_may_hold_any_other_form(repository):
    reference = {"repository": "repository", "ref": "v2"}
    file = read_sources([{"git": {**reference, "path": "deploy/a.yaml"}}], Context(base=repository.parent))
    template = read_sources([{"git": reference, "template": {"path": "deploy"}}], member_context(repository.parent))
    assert names(file) == names(template) == ["second"]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"git": {"repository": "repository", "ref": "none"}}, "none"),
        ({"git": {"repository": "repository", "path": "nowhere"}}, "there is no nowhere"),
        ({"git": {"repository": "repository", "path": "../other"}}, "leads out of the repository"),
        ({"git": {"repository": "repository"}, "file": "../other/secret.yaml"}, "leads out of the repository"),
        ({"git": {"repository": "repository", "ref": "leaking", "path": "."}}, "link that leads out"),
        ({"git": {"repository": "https://user:pass@example.com/x.git"}}, "holds a login"),
        ({"git": {"repository": "ext::sh -c true"}}, "is no repository"),
        ({"git": {"repository": "ext::true"}}, "not allowed"),
        ({"git": {"repository": "--upload-pack=true"}}, "is no repository"),
        ({"git": {"repository": "repository", "ref": "--all"}}, "is no ref"),
        ({"git": {"reposetory": "repository"}}, "did you mean repository?"),
        ({"git": {"repository": "repository", "path": "deploy"}, "directory": "deploy"}, "in one place"),
        ({"git": "repository"}, "expected a dictionary"),
    ],
)
def test_a_reference_that_can_not_be_read_is_refused(repository, source, said):
    with pytest.raises(InputError) as caught:
        read_sources([source], Context(base=repository.parent))
    assert said in str(caught.value)
    assert "pass@" not in str(caught.value)
