import io
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.test_bad_input import small_disk
from tests.tui.cli.conftest import Yester, beginning, is_one_complaint


@pytest.fixture
def three(yester: Yester, plain: Path, docs: Path) -> list[str]:
    """The ids of three snapshots of `docs`, oldest first."""
    assert yester("profile", "add", "docs", docs).code == 0
    for number in range(3):
        (docs / "b.txt").write_text(f"{number}\n")
        assert yester("snap", "docs").code == 0
    return ids(yester)


def ids(yester: Yester, disk: Path | None = None) -> list[str]:
    repository = () if disk is None else ("--repo", disk / "repository")
    return [each["snapshot"] for each in json.loads(yester("list", "--json", *repository).out)]


def test_rules_given_on_the_line(yester: Yester, three: list[str]) -> None:
    done = yester("forget", "docs", "--keep-last", "2")
    assert done.code == 0
    first, second, third, summary = done.out.splitlines()
    assert first.startswith("forget") and first.endswith("no rule keeps it")
    assert second.startswith("keep") and "one of the last 2" in second
    assert "newest of its series; last good one" in third
    assert summary == "1 snapshot forgotten, 2 kept; `yester prune` frees the space"
    assert ids(yester) == three[1:]
    again = yester("forget", "docs", "--keep-last", "2")
    assert again.out.splitlines()[-1] == "nothing to forget, 2 snapshots kept"


def test_rules_of_the_profile(yester: Yester, three: list[str], home: Path) -> None:
    path = home / ".config/yester/profiles/docs.toml"
    path.write_text(path.read_text().replace("\n[retention]\n", "\n[retention]\nkeep_last = 1\n"))
    assert yester("forget", "docs").code == 0
    assert ids(yester) == three[2:]


def test_what_is_given_replaces_the_rules_of_the_profile(yester: Yester, three: list[str], home: Path) -> None:
    path = home / ".config/yester/profiles/docs.toml"
    path.write_text(path.read_text().replace("\n[retention]\n", "\n[retention]\nkeep_last = 1\n"))
    assert yester("forget", "docs", "--keep-yearly", "1", "--keep-last", "2").code == 0
    assert ids(yester) == three[1:]


def test_a_dry_run_forgets_nothing(yester: Yester, three: list[str]) -> None:
    done = yester("forget", "docs", "--keep-last", "1", "--dry-run")
    assert done.out.splitlines()[-1] == "dry run: 2 snapshots would be forgotten, 1 kept"
    told = json.loads(yester("forget", "docs", "--keep-last", "1", "--dry-run", "--json").out)
    assert [each["snapshot"] for each in told["forget"]] == three[:2]
    assert [each["snapshot"] for each in told["keep"]] == three[2:]
    assert told["forget"][0]["reasons"] == [{"rule": "unkept", "of": "", "text": "no rule keeps it"}]
    assert told["keep"][0]["reasons"][0] == {"rule": "last", "of": "1", "text": "one of the last 1"}
    assert ids(yester) == three


def test_without_rules_everything_is_kept_and_that_is_said(yester: Yester, three: list[str]) -> None:
    done = yester("forget", "docs")
    assert done.code == 0
    assert is_one_complaint(done.err) and "every snapshot is kept" in done.err
    assert ids(yester) == three


def test_rules_that_would_leave_nothing_are_refused(
    yester: Yester, three: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that was off for longer than the rules reach back."""
    later = time.time_ns() + 100 * 86_400 * 10**9
    monkeypatch.setattr("time.time_ns", lambda: later)
    done = yester("forget", "docs", "--older-than", "90d")
    assert done.code == 2
    assert is_one_complaint(done.err) and "would leave nothing" in done.err
    assert ids(yester) == three


def test_snapshots_by_name(yester: Yester, three: list[str]) -> None:
    done = yester("forget", "--snapshot", beginning(three[0]), "latest")
    assert done.code == 0
    assert [line.split()[0] for line in done.out.splitlines()] == ["forget", "forget", "2"]
    assert ids(yester) == [three[1]]


def test_runs_say_how_many_are_left(yester: Yester, three: list[str]) -> None:
    def told() -> list[tuple[str, int | None]]:
        runs = json.loads(yester("runs", "docs", "--json").out)
        return [(run["action"], run["snapshots"]) for run in runs]

    assert told() == [("snap", 1), ("snap", 2), ("snap", 3)]
    assert yester("forget", "--snapshot", three[0]).code == 0
    assert yester("forget", "docs", "--keep-last", "1").code == 0
    assert yester("snap", "docs").code == 0
    assert told()[3:] == [("forget", 2), ("forget", 1), ("snap", 2)]


def test_pinned_snapshots_want_a_word_more(yester: Yester, three: list[str]) -> None:
    assert yester("pin", beginning(three[0])).code == 0
    refused = yester("forget", "--snapshot", three[0], "--snapshot", three[1])
    assert refused.code == 2
    assert refused.err.startswith(f"yester: {three[0][:8]} is pinned\n") and "--even-pinned" in refused.err
    assert ids(yester) == three
    assert yester("forget", "docs", "--keep-last", "1").code == 0
    assert ids(yester) == [three[0], three[2]]
    done = yester("forget", "--snapshot", three[0], "--even-pinned")
    assert done.code == 0 and "named; although it is pinned" in done.out
    assert ids(yester) == [three[2]]


def test_the_last_good_one_wants_a_word_more(yester: Yester, three: list[str]) -> None:
    every = [argument for sid in three for argument in ("--snapshot", sid)]
    refused = yester("forget", *every)
    assert refused.code == 2
    assert refused.err.startswith(f"yester: {three[2][:8]} is the last good one of its series\n")
    assert ids(yester) == three
    planned = json.loads(yester("forget", *every, "--even-last", "--dry-run", "--json").out)["forget"]
    assert [[each["rule"] for each in one["reasons"]] for one in planned] == [
        ["asked"],
        ["asked"],
        ["asked", "even-last"],
    ]
    assert yester("forget", *every, "--even-last").code == 0
    assert ids(yester) == []


NONSENSE = [
    ([], "Either a profile or snapshots must be named"),
    (["docs", "other"], "Either a profile or snapshots must be named"),
    (["docs", "--snapshot", "latest"], "docs is a profile, not a snapshot"),
    (["dosc"], "There is no profile dosc"),
    (["dosc", "--keep-last", "1"], "There is no snapshot of dosc of this machine"),
    (["--snapshot", "nothing"], "There is no snapshot nothing"),
    (["--snapshot", "latest", "--keep-last", "1"], "Rules and --snapshot are given at once"),
    (["docs", "--keep-last", "-1"], "-1"),
    (["docs", "--older-than", "soon"], "'soon' is no span of time"),
    (["docs", "--older-than", "0d"], "--older-than is given no time"),
    (["docs", "--host", "a", "--all-hosts", "--keep-last", "1"], "--host and --all-hosts"),
    (["docs", "--host", "elsewhere", "--keep-last", "1"], "There is no snapshot of docs on elsewhere"),
    (["docs", "--even-pinned", "--keep-last", "1"], "--even-pinned and --even-last"),
    (["docs", "--min-free-size", "900T"], "every snapshot would be removed for nothing"),
    (["docs", "--min-free-inodes", "100"], "every snapshot would be removed for nothing"),
]


def test_what_makes_no_sense(yester: Yester, three: list[str]) -> None:
    for arguments, words in NONSENSE:
        refused = yester("forget", *arguments)
        assert refused.code == 2, refused
        assert words in refused.err
        assert is_one_complaint(refused.err)
        assert ids(yester) == three, arguments


def test_enough_room_removes_nothing(yester: Yester, three: list[str], plain: Path) -> None:
    done = yester("forget", "docs", "--min-free-size", "1K")
    assert (done.code, ids(yester)) == (0, three)
    assert os.statvfs(plain).f_bavail > 0


def test_a_terminal_is_asked(yester: Yester, three: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yester.tui.cli.asking.is_attended", lambda: True)
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    asked = yester("forget", "docs", "--keep-last", "1")
    assert (asked.code, asked.err.splitlines()[0][:21]) == (130, "Forget 2 snapshots? [")
    assert ids(yester) == three
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert yester("forget", "docs", "--keep-last", "1", "--yes").code == 0
    assert ids(yester) == three[2:]


def test_forgetting_is_not_taken_for_a_loss(yester: Yester, three: list[str]) -> None:
    """The witness of this machine has seen the newest one; its tombstone explains that it is gone."""
    assert yester("list").err == ""
    assert yester("forget", "--snapshot", "latest", "--snapshot", three[0]).code == 0
    done = yester("list")
    assert (done.code, done.err) == (0, "")
    assert yester("show", "latest").out.splitlines()[0].endswith(three[1])
    assert yester("snap", "docs").code == 0
    assert yester("check", "--read-data").code == 0


@pytest.fixture
def full(yester: Yester, docs: Path, tmp_path: Path, as_root: None) -> Iterator[Path]:
    """A repository of five snapshots of 3 MB each on a disk of 24 MB; the third is pinned."""
    with small_disk(tmp_path / "disk", "24m") as disk:
        assert yester("init", "--no-encryption", disk / "repository").code == 0
        assert yester("profile", "add", "docs", docs, "--repo", disk / "repository").code == 0
        for number in range(5):
            (docs / "b.txt").write_bytes(os.urandom(3_000_000))
            assert yester("snap", "docs").code == 0
            if number == 2:
                assert yester("pin", "docs@latest").code == 0
        yield disk


def free(disk: Path) -> int:
    status = os.statvfs(disk)
    return status.f_bavail * status.f_frsize


def test_room_is_made_from_the_oldest_on(yester: Yester, full: Path) -> None:
    everything = ids(yester, full)
    wanted = free(full) + 5_000_000
    plan = json.loads(yester("forget", "docs", "--min-free-size", str(wanted), "--dry-run", "--json").out)
    assert [each["snapshot"] for each in plan["forget"]] == everything[:2]
    assert plan["missing_size"] == 5_000_000
    assert ids(yester, full) == everything
    done = yester("forget", "docs", "--min-free-size", str(wanted))
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[-1] == "2 snapshots forgotten, 3 kept"
    assert ids(yester, full) == everything[2:]
    assert free(full) >= wanted
    assert yester("check", "--repo", full / "repository", "--read-data").code == 0


def test_room_that_cannot_be_made_is_said(yester: Yester, full: Path) -> None:
    everything = ids(yester, full)
    done = yester("forget", "docs", "--min-free-size", "20M")
    assert done.code == 1
    assert is_one_complaint(done.err) and "still, and no more snapshots may go" in done.err
    assert ids(yester, full) == [everything[2], everything[4]]


def test_a_disk_that_is_too_small_for_what_is_asked_loses_nothing(yester: Yester, full: Path) -> None:
    everything = ids(yester, full)
    refused = yester("forget", "docs", "--min-free-size", "25M", "--keep-last", "1")
    assert refused.code == 2
    assert is_one_complaint(refused.err) and "for nothing" in refused.err
    assert ids(yester, full) == everything


def test_what_was_forgotten_why_stands_in_the_journal(yester: Yester, three: list[str]) -> None:
    assert yester("forget", "docs", "--keep-last", "2").code == 0
    [run] = [run for run in json.loads(yester("runs", "--json").out) if run["action"] == "forget"]
    told = yester("log", run["run"]).out
    assert f"forgot {three[0][:8]}: no rule keeps it" in told


def test_the_list_says_why_each_stays_or_would_go(yester: Yester, three: list[str], home: Path) -> None:
    path = home / ".config/yester/profiles/docs.toml"
    path.write_text(path.read_text().replace("\n[retention]\n", "\n[retention]\nkeep_last = 2\n"))
    head, *rows = yester("list", "--why").out.splitlines()
    assert head.endswith("WHY")
    assert rows[0].endswith("goes: no rule keeps it") and rows[1].endswith("stays: one of the last 2")
    told = json.loads(yester("list", "--why", "--json").out)
    assert [each["kept"] for each in told] == [False, True, True]
    assert told[0]["reasons"] == [{"rule": "unkept", "of": "", "text": "no rule keeps it"}]
    path.write_text("nonsense")
    broken = yester("list", "--why")
    assert broken.code == 0 and is_one_complaint(broken.err)
    assert broken.out.splitlines()[1].endswith("of no profile of this machine")
    assert ids(yester) == three
