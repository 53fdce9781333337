import json
import os
from pathlib import Path

import pytest
from tests.tui.cli.conftest import Yester, is_one_complaint

from yester.engine.capture.filters import DEFAULT_EXCLUDES


def file_of(home: Path, name: str) -> Path:
    return home / ".config/yester/profiles" / f"{name}.toml"


def test_add_list_show_remove(yester: Yester, home: Path, docs: Path) -> None:
    added = yester("profile", "add", "docs", docs, "--exclude", "*.o", "--exclude-larger-than", "5M")
    assert added.code == 0
    assert str(file_of(home, "docs")) in added.out
    assert "there is no repository yet: yester init " in added.out
    listed = yester("profile", "list")
    assert listed.out.splitlines()[1].split() == ["docs", str(docs), f"{home}/.local/share/yester/repository"]
    shown = yester("profile", "show", "docs").out
    assert '"*.o"' in shown
    assert all(pattern in shown for pattern in DEFAULT_EXCLUDES)
    assert yester("profile", "remove", "docs").code == 0
    assert "no profiles yet" in yester("profile", "list").out


def test_a_name_with_blanks_is_shown_as_the_shell_wants_it(yester: Yester, home: Path, docs: Path) -> None:
    assert "take a snapshot: yester snap 'my docs'\n" in yester("profile", "add", "my docs", docs).out
    assert "yester profile edit 'my docs'" in yester("profile", "add", "my docs", docs).err
    yester("profile", "copy", "my docs", "his docs")
    text = file_of(home, "his docs").read_text()
    assert "my docs" not in text
    assert all(f"`yester {word} 'his docs'`" in text for word in ("snap", "schedule enable", "forget"))
    assert "yester profile recover 'my docs'" in yester("profile", "remove", "my docs").out


def test_a_schedule_that_cannot_be_switched_on_is_no_order(yester: Yester, plain: Path, docs: Path) -> None:
    added = yester("profile", "add", "docs", docs, "--set", "schedule.when=minutes", "--set", "schedule.every=7")
    assert added.code == 0
    checked = yester("profile", "check", "docs")
    assert checked.code == 2 and "every 7 minutes does not come out even" in checked.err
    assert yester("profile", "edit", "docs", "--set", "schedule.every=10").code == 0
    assert yester("profile", "check", "docs").code == 0


@pytest.mark.parametrize("pattern", ["{}/*", "*", "!x", "*/"])
def test_a_source_that_the_patterns_empty_is_named(yester: Yester, docs: Path, pattern: str) -> None:
    rule = pattern.format(docs)
    emptied = pattern in ("{}/*", "*")
    added = yester("profile", "add", "docs", docs, "--exclude", rule)
    assert added.code == 0
    assert (f"all that is in the source {docs} is left out" in added.err) == emptied
    checked = yester("profile", "check", "docs")
    assert (f"all that is in the source {docs} is left out" in checked.err) == emptied


def test_json(yester: Yester, docs: Path) -> None:
    odd = os.path.join(os.fsencode(docs), b"caf\xe9")
    os.mkdir(odd)
    yester("profile", "add", "docs", docs, os.fsdecode(odd), "--no-default-excludes", "--one-file-system")
    shown = json.loads(yester("profile", "show", "docs", "--json").out)
    assert [shown] == json.loads(yester("profile", "list", "--json").out)
    assert shown["sources"][0] == {"path": str(docs)}
    assert shown["sources"][1]["path_b64"]
    assert shown["filters"]["default_excludes"] == []
    assert shown["filters"]["one_file_system"] is True


def test_where_the_repository_is(
    yester: Yester, home: Path, docs: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    yester("profile", "add", "here", docs, "--repo", "store")
    yester("profile", "add", "there", docs)
    monkeypatch.setenv("YESTER_REPOSITORY", str(tmp_path / "from-the-environment"))
    places = {p["name"]: p["repository"] for p in json.loads(yester("profile", "list", "--json").out)}
    assert places == {"here": f"{tmp_path}/store", "there": f"{tmp_path}/from-the-environment"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["bad/name", "/"], "cannot name a profile"),
        (["new", "/no/such/folder"], "/no/such/folder cannot be a source: No such file"),
        (["new", "/dev/null"], "neither a folder nor a file"),
        (["new", "/", "--exclude-larger-than", "much"], "'much' is no size"),
        (["new", "/", "--exclude-file", "/no/such/file"], "/no/such/file cannot be read"),
        (["new", "/", "--exclude", os.fsdecode(b"\xff")], "is not UTF-8"),
        (["new", "/", "--repo", "fiel://x"], "fiel://"),
    ],
)
def test_bad_input(yester: Yester, home: Path, arguments: list[str], words: str) -> None:
    refused = yester("profile", "add", *arguments)
    assert refused.code == 2
    assert words in refused.err
    assert is_one_complaint(refused.err)
    assert not file_of(home, "new").exists()


def test_no_profile_is_overwritten(yester: Yester, home: Path, docs: Path) -> None:
    yester("profile", "add", "docs", docs)
    before = file_of(home, "docs").read_text()
    again = yester("profile", "add", "docs", docs)
    assert again.code == 2
    assert "already there" in again.err
    assert file_of(home, "docs").read_text() == before


def test_a_mistyped_name(yester: Yester, docs: Path) -> None:
    yester("profile", "add", "documents", docs)
    for words in (["profile", "show"], ["profile", "remove"], ["snap"]):
        refused = yester(*words, "docments")
        assert refused.code == 2
        assert refused.err.endswith("hint: Did you mean documents?\n")


def test_check_names_every_problem(yester: Yester, home: Path, plain: Path, docs: Path) -> None:
    patterns = home / "patterns"
    patterns.write_text("*.o\n")
    yester("profile", "add", "good", docs)
    yester("profile", "add", "lost", docs / "letters", "--exclude-file", patterns)
    assert yester("profile", "check").out == "good: in order\nlost: in order\n"
    patterns.unlink()
    (docs / "letters" / "a.txt").unlink()
    (docs / "letters").rmdir()
    good = file_of(home, "good").read_text().replace("[filters]\n", "[filters]\nexlude_caches = true\n")
    file_of(home, "good").write_text(good)
    checked = yester("profile", "check")
    assert checked.code == 2
    assert checked.out == "good: 1 problem\nlost: 2 problems\n"
    assert "Did you mean exclude_caches" in checked.err
    assert f"line {good.splitlines().index('exlude_caches = true') + 1}:" in checked.err
    assert f"the source {docs}/letters is not there" in checked.err
    file_of(home, "good").write_text(good.replace("exlude_caches = true", "exclude = ['\\']"))
    assert "An exclude pattern cannot be read" in yester("profile", "check", "good").err
    file_of(home, "good").write_text(good)
    listed = yester("profile", "list")
    assert listed.code == 2
    assert "lost" in listed.out
    assert "exlude_caches" in listed.err


def test_show_says_what_counts(yester: Yester, docs: Path) -> None:
    yester("profile", "add", "docs", docs, "--set", "retention.keep_daily=7", "--set", "limits.upload=1M")
    rows = {line.split()[0]: line.split()[1:] for line in yester("profile", "show", "docs").out.splitlines() if line}
    assert rows["retention.keep_daily"] == ["7"]
    assert rows["retention.keep_weekly"] == ["0", "default"]
    assert rows["limits.upload"] == ['"1M"']
    shown = json.loads(yester("profile", "show", "docs", "--json").out)
    assert (shown["retention"]["keep_daily"], shown["retention"]["smart"]) == (7, None)
    assert (shown["limits"]["upload"], shown["schedule"]["when"], shown["plugins"]) == (1 << 20, "off", {})


def test_keys_lists_what_there_is(yester: Yester) -> None:
    every = json.loads(yester("profile", "keys", "--json").out)
    assert {"key": "compression", "takes": "a level from -7 to 19", "default": "3"}.items() <= every[3].items()
    few = yester("profile", "keys", "smart", "upload").out
    assert "retention.smart.keep_all" in few
    assert "limits.upload" in few
    assert "keyring" not in few
    refused = yester("profile", "keys", "nonsense")
    assert (refused.code, is_one_complaint(refused.err)) == (2, True)


def test_all_mistakes_of_a_profile_are_named(yester: Yester, home: Path, docs: Path) -> None:
    yester("profile", "add", "docs", docs)
    file_of(home, "docs").write_text(f'sources = ["{docs}"]\nkeyring = 1\n[limits]\nnise = 1\n')
    checked = yester("profile", "check")
    assert checked.out == "docs: 3 problems\n"
    assert [line.partition("line ")[2][:2] for line in checked.err.splitlines() if "line " in line] == ["2:", "4:"]
    assert "the key id is missing" in checked.err


def test_profiles_that_cannot_be_listed(yester: Yester, home: Path) -> None:
    (home / ".config/yester").mkdir(parents=True)
    (home / ".config/yester/profiles").write_text("")
    refused = yester("profile", "list")
    assert refused.code == 2
    assert "cannot be listed: Not a directory" in refused.err


def test_copy_is_a_series_of_its_own(yester: Yester, home: Path, docs: Path) -> None:
    yester("profile", "add", "docs", docs, "--exclude", "*.o")
    with file_of(home, "docs").open("a") as file:
        file.write("# my own words\n")
    assert yester("profile", "copy", "docs", "offsite", "--set", "repository=/srv/far").code == 0
    first, second = (json.loads(yester("profile", "show", name, "--json").out) for name in ("docs", "offsite"))
    assert first["id"] != second["id"]
    assert (first["filters"], first["sources"]) == (second["filters"], second["sources"])
    assert second["repository"] == "/srv/far"
    assert file_of(home, "offsite").read_text().endswith("# my own words\n")
    for refused in (yester("profile", "copy", "docs", "offsite"), yester("profile", "copy", "docs", "a/b")):
        assert (refused.code, is_one_complaint(refused.err)) == (2, True)
