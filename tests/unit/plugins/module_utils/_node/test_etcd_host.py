# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host of etcd has to do is read from what it has and what the members say."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.navarch.fleet.plugins.module_utils._node import etcd_certificates, etcd_host, etcd_local
from ansible_collections.navarch.fleet.plugins.module_utils._node.commands import Completed
from ansible_collections.navarch.fleet.plugins.module_utils._node.errors import NodeError
from ansible_collections.navarch.fleet.plugins.module_utils._node.etcd import Member, listed
from ansible_collections.navarch.fleet.plugins.module_utils._node.etcd_certificates import Subject
from ansible_collections.navarch.fleet.plugins.module_utils._node.etcd_host import Found, State, Wanted
from ansible_collections.navarch.fleet.plugins.module_utils._node.kubeadm import Journal

MEMBERS = (
    Member("a1", "e1", ("10.0.0.1",)),
    Member("a2", "e2", ("10.0.0.2",)),
    Member("a3", "e3", ("10.0.0.3",)),
)
NOTHING = Found(Journal(), data=False, installed=True)


def wanted(state: State, name: str = "e2", deadline: float = 60) -> Wanted:
    peers = tuple(f"10.0.0.{each}" for each in (1, 2, 3) if name != f"e{each}")
    return Wanted(state, Subject(name, f"10.0.0.{name[1:]}", "v1.37.2"), peers, None, (), deadline)


def found(operation: str, *, finished: bool = True, members: tuple[Member, ...] | None = MEMBERS) -> Found:
    return Found(Journal(operation, finished), data=True, installed=True, members=members)


def steps(target: Wanted, there: Found) -> list[str]:
    return [f"{step.action} {step.subject}" for step in etcd_host.plan(target, there)]


def test_a_bare_host_begins_or_joins() -> None:
    assert steps(wanted(State.INITIALISED), NOTHING) == ["run begin"]
    assert steps(wanted(State.JOINED), NOTHING) == ["run join"]


def test_a_member_is_left_alone_also_while_the_others_are_silent() -> None:
    assert steps(wanted(State.JOINED), found("join")) == []
    assert steps(wanted(State.JOINED), found("begin", members=None)) == []
    assert steps(wanted(State.INITIALISED), found("begin")) == []


def test_what_was_interrupted_goes_on() -> None:
    assert steps(wanted(State.INITIALISED), found("begin", finished=False)) == ["resume begin"]
    assert steps(wanted(State.JOINED), found("join", finished=False)) == ["resume join"]
    # Taken in, and not started yet: the next attempt is a new member.
    assert steps(wanted(State.JOINED), Found(Journal("join"), data=False, installed=True)) == ["run join"]


def test_a_host_that_the_others_forgot_joins_anew() -> None:
    assert steps(wanted(State.JOINED), found("join", members=MEMBERS[:1])) == ["clear /var/lib/etcd", "run join"]


def test_data_of_somebody_else_is_refused() -> None:
    with pytest.raises(NodeError, match="did not put there"):
        etcd_host.plan(wanted(State.JOINED), found(""))


def test_an_etcd_that_was_begun_beside_another_is_not_thrown_away() -> None:
    with pytest.raises(NodeError, match="not finished"):
        etcd_host.plan(wanted(State.JOINED), found("begin", finished=False))


def test_a_member_leaves_and_the_last_one_does_not() -> None:
    assert steps(wanted(State.ABSENT), found("join")) == [
        "remove member e2",
        "stop etcd.service",
        "remove data /var/lib/etcd/member",
    ]
    with pytest.raises(NodeError, match="last member"):
        etcd_host.plan(wanted(State.ABSENT), found("join", members=MEMBERS[1:2]))
    learner = Member("a9", "e9", ("10.0.0.9",), learner=True)
    with pytest.raises(NodeError, match="last member"):
        etcd_host.plan(wanted(State.ABSENT), found("join", members=(MEMBERS[1], learner)))
    with pytest.raises(NodeError, match="can't leave"):
        etcd_host.plan(wanted(State.ABSENT), found("join", members=None))


def test_what_is_left_of_a_member_that_left_goes_too() -> None:
    rest = ["stop etcd.service", "remove data /var/lib/etcd/member"]
    assert steps(wanted(State.ABSENT), found("join", members=MEMBERS[:1])) == rest
    # Where the whole cluster goes, nobody is asked.
    assert steps(wanted(State.ERASED), found("join", members=None)) == rest
    assert steps(wanted(State.ERASED), Found(Journal(), data=False, installed=False)) == []


def test_members_are_read_as_etcdctl_lists_them() -> None:
    text = (
        '{"members":[{"ID":10501334649042878790,"name":"e1","peerURLs":["https://10.0.0.1:2380"],"clientURLs":["https://10.0.0.1:2379"]},'
        '{"ID":255,"peerURLs":["https://[fd00::2]:2380"],"isLearner":true}]}'
    )
    assert listed(text) == [
        Member("91bc3c398fb3c146", "e1", ("10.0.0.1",)),
        Member("ff", "", ("fd00::2",), learner=True),
    ]


class Others:
    """The other members of an etcd, as etcdctl speaks to them."""

    def __init__(self, *members: Member) -> None:
        self.members = list(members)
        self.asked: list[str] = []

    def etcdctl(self, _urls: object, *arguments: str) -> Completed:
        self.asked.append(" ".join(arguments[:3]))
        if arguments[:2] == ("member", "remove"):
            self.members = [each for each in self.members if each.identity != arguments[2]]
        if arguments[:2] == ("member", "add"):
            if any(each.learner for each in self.members):
                return Completed(1, "", "etcdserver: too many learner members in cluster")
            self.members.append(Member("b1", "", ("10.0.0.2",), learner=True))
        return Completed(0, "", "")


def taken_in(others: Others, monkeypatch: pytest.MonkeyPatch, *, listens: bool, deadline: float = 60) -> list[str]:
    monkeypatch.setattr(etcd_local, "etcdctl", others.etcdctl)
    monkeypatch.setattr(etcd_local, "members", lambda _urls: tuple(others.members))
    monkeypatch.setattr(etcd_local, "listens", lambda _member: listens)
    monkeypatch.setattr(etcd_host, "_PAUSE", 0.0)
    monkeypatch.setattr(etcd_host, "_SILENCE", 0.05)
    return etcd_host._taken_in(wanted(State.JOINED, deadline=deadline))


def test_a_newcomer_is_added_as_a_learner_and_told_all_members(monkeypatch: pytest.MonkeyPatch) -> None:
    others = Others(MEMBERS[0], MEMBERS[2])
    told = taken_in(others, monkeypatch, listens=True)
    assert sorted(told) == ["e1=https://10.0.0.1:2380", "e2=https://10.0.0.2:2380", "e3=https://10.0.0.3:2380"]
    assert others.asked == ["member add e2"]


def test_an_earlier_host_of_the_same_name_or_address_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    others = Others(*MEMBERS)
    taken_in(others, monkeypatch, listens=True)
    assert others.asked == ["member remove a2", "member add e2"]


def test_a_learner_that_is_lost_keeps_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    others = Others(MEMBERS[0], Member("a3", "", ("10.0.0.3",), learner=True))
    taken_in(others, monkeypatch, listens=False)
    assert "member remove a3" in others.asked
    assert [each.identity for each in others.members] == ["a1", "b1"]


def test_a_learner_that_works_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    others = Others(MEMBERS[0], Member("a3", "", ("10.0.0.3",), learner=True))
    with pytest.raises(NodeError, match="too many learner"):
        taken_in(others, monkeypatch, listens=True, deadline=0.2)
    assert "member remove a3" not in others.asked


def test_a_name_that_lives_elsewhere_is_not_taken_over(monkeypatch: pytest.MonkeyPatch) -> None:
    others = Others(MEMBERS[0], Member("a2", "e2", ("10.0.0.99",)))
    with pytest.raises(NodeError, match="lives at 10.0.0.99"):
        taken_in(others, monkeypatch, listens=True, deadline=0.0)
    assert others.asked == []


def test_kubeadm_is_told_for_whom_it_makes_certificates() -> None:
    own, cluster = etcd_certificates.documents(Subject("e1", "10.0.0.1", "v1.37.2"), "/run/x")
    assert '"name": "e1"' in own
    assert '"advertiseAddress": "10.0.0.1"' in own
    assert '"certificatesDir": "/run/x"' in cluster


def test_a_cluster_begins_although_a_host_of_etcd_is_silent() -> None:
    given = {
        "InitConfiguration": {"nodeRegistration": {"name": "n1", "ignorePreflightErrors": ["Swap"]}},
        "ClusterConfiguration": {},
    }
    seen = etcd_certificates.looked_at(given)
    assert seen["InitConfiguration"]["nodeRegistration"] == {
        "name": "n1",
        "ignorePreflightErrors": ["Swap", "ExternalEtcdVersion"],
    }
    assert seen["ClusterConfiguration"] == {}


def test_certificates_of_another_etcd_go_with_its_ca(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(etcd_certificates, "PKI", str(tmp_path))
    monkeypatch.setattr(etcd_certificates, "AUTHORITY", str(tmp_path / "etcd/ca.crt"))
    monkeypatch.setattr(etcd_certificates, "AUTHORITY_KEY", str(tmp_path / "etcd/ca.key"))
    one, other = (etcd_certificates.Authority(f"{each} certificate", f"{each} key") for each in ("one", "other"))
    etcd_certificates.take_in(one)
    (tmp_path / "etcd/server.crt").write_text("of one")
    etcd_certificates.take_in(one)
    assert (tmp_path / "etcd/server.crt").exists()
    etcd_certificates.take_in(other)
    assert not (tmp_path / "etcd/server.crt").exists()
    assert etcd_certificates.authority() == other
    assert (tmp_path / "etcd/ca.key").stat().st_mode & 0o777 == 0o600


def test_a_refusal_is_told_without_what_etcdctl_logs() -> None:
    errors = '{"level":"warn","msg":"retrying"}\nError: etcdserver: too many learner members in cluster\n'
    assert etcd_local.refusal(Completed(1, "", errors)) == "etcdserver: too many learner members in cluster"
    assert etcd_local.refusal(Completed(127, "", "etcdctl is not installed")) == "etcdctl is not installed"
    assert etcd_local.refusal(Completed(0, "", errors)) == ""
