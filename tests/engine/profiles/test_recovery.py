from dataclasses import dataclass

import pytest
from tests.engine.profiles.records import stored

from yester.engine.errors import UsageError
from yester.engine.profiles.recovery import action_for, chosen, kept_profiles

HERE, THERE, ELSEWHERE = b"h" * 16, b"t" * 16, b"e" * 16
A, B = b"a" * 16, b"b" * 16


def test_the_newest_copy_comes_first_and_others_stay_in_reserve() -> None:
    kept = kept_profiles([stored(1, "docs", A, HERE), stored(3, "docs", A, HERE), stored(2, "docs", A, HERE)])
    assert [(each.name, each.host) for each in kept] == [("docs", "hhhh")]
    assert [copy.time_ns for copy in kept[0].copies] == [3, 2, 1]


def test_a_renamed_profile_has_its_newest_name() -> None:
    kept = kept_profiles([stored(1, "old", A, HERE), stored(2, "new", A, HERE)])
    assert [each.name for each in kept] == ["new"]


def test_a_name_that_was_given_again_is_the_newer_profile() -> None:
    kept = kept_profiles([stored(1, "docs", A, HERE), stored(2, "docs", B, HERE)])
    assert [copy.profile_id for copy in kept[0].copies] == [B, A]


def test_this_host_wins_and_others_clash() -> None:
    kept = kept_profiles(
        [
            stored(9, "docs", A, THERE),
            stored(1, "docs", A, HERE),
            stored(2, "x", B, THERE),
            stored(3, "x", B, ELSEWHERE),
        ]
    )
    assert [[each.host for each in one] for one in chosen(kept, HERE, None, [])] == [["hhhh"], ["eeee", "tttt"]]
    assert [[each.host for each in one] for one in chosen(kept, HERE, "tttt", [])] == [["tttt"], ["tttt"]]
    assert [one[0].name for one in chosen(kept, HERE, None, ["x", "x"])] == ["x"]


def test_a_machine_that_was_set_up_anew_has_its_old_name() -> None:
    again = b"h" * 15 + b"2"
    kept = kept_profiles([stored(1, "docs", A, HERE), stored(2, "docs", A, again)])
    for host in (None, "hhhh"):
        assert [[each.host_id for each in one] for one in chosen(kept, THERE, host, [])] == [[again]]


def test_what_is_not_there() -> None:
    kept = kept_profiles([stored(1, "docs", A, HERE)])
    with pytest.raises(UsageError, match="keeps no profile dosc") as caught:
        chosen(kept, HERE, None, ["dosc"])
    assert caught.value.hint == "Did you mean docs?"
    with pytest.raises(UsageError, match="of a host hhh") as caught:
        chosen(kept, HERE, "hhh", [])
    assert caught.value.hint == "Did you mean hhhh?"
    assert chosen([], HERE, None, []) == []


@dataclass(frozen=True)
class Case:
    name: str
    text: str
    force: bool
    expected: tuple[str, str]


@pytest.mark.parametrize(
    "case",
    [
        Case("docs", "text", False, ("same", "")),
        Case("docs", "other", False, ("exists", "docs")),
        Case("docs", "other", True, ("replace", "")),
        Case("new", "text", True, ("same-id", "docs")),
    ],
)
def test_a_clash_is_never_written_over_unasked(case: Case) -> None:
    assert action_for(case.name, case.text, A, {"docs": (A, "text")}, force=case.force) == case.expected


def test_what_is_not_here_is_recovered() -> None:
    assert action_for("new", "text", B, {"docs": (A, "text")}, force=False) == ("recover", "")
