import io
import re
from pathlib import Path

import pytest
from tests.tui.cli.conftest import Yester, finish, is_one_complaint, start


def test_an_encrypted_repository(yester: Yester, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YESTER_PASSPHRASE", "correct horse")
    made = yester("init")
    assert made.code == 0
    assert f"repository made: {home}/.local/share/yester/repository (encrypted)" in made.out
    assert "next: yester profile add NAME FOLDER\n" in made.out
    key = re.search(r"^    (\S+)$", made.out, re.MULTILINE)
    assert key is not None
    assert yester("list").code == 0
    monkeypatch.setenv("YESTER_PASSPHRASE", key[1])
    assert yester("list").code == 0, "the recovery key opens it"
    monkeypatch.setenv("YESTER_PASSPHRASE", "wrong")
    refused = yester("list")
    assert refused.code == 6
    assert "Wrong passphrase" in refused.err
    assert is_one_complaint(refused.err)


def test_an_unencrypted_repository_asks_for_nothing(yester: Yester, tmp_path: Path) -> None:
    made = yester("init", "--no-encryption", tmp_path / "repository")
    assert "(not encrypted)" in made.out
    assert "Recovery key" not in made.out
    assert f"--repo {tmp_path}/repository" in made.out
    assert yester("list", "--repo", tmp_path / "repository").out.startswith("no snapshots in ")


def test_an_empty_passphrase_is_refused(yester: Yester, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YESTER_PASSPHRASE", "")
    refused = yester("init")
    assert refused.code == 2
    assert "is empty" in refused.err
    assert "--no-encryption" in refused.err
    assert not (home / ".local/share/yester/repository/config").exists()


def test_without_terminal_and_passphrase(home: Path) -> None:
    ended = finish(start("init"))
    assert ended.code == 6
    assert is_one_complaint(ended.err)
    assert "YESTER_PASSPHRASE_FILE" in ended.err


def test_one_that_is_there_already(yester: Yester, plain: Path) -> None:
    again = yester("init", "--no-encryption")
    assert again.code == 6
    assert "already" in again.err


def test_a_repository_like_another_shares_its_ids(yester: Yester, plain: Path, tmp_path: Path, docs: Path) -> None:
    copy = tmp_path / "copy"
    assert yester("init", "--no-encryption", "--like", plain, copy).code == 0
    roots = []
    for number, place in enumerate((plain, copy)):
        assert yester("profile", "add", f"p{number}", docs, "--repo", place).code == 0
        assert yester("snap", f"p{number}").code == 0
        roots.append(_root(place))
    assert roots[0] == roots[1]


def test_a_repository_like_another_may_have_a_passphrase_of_its_own(
    yester: Yester, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    monkeypatch.setenv("YESTER_PASSPHRASE", "one")
    assert yester("init", first).code == 0
    monkeypatch.setenv("YESTER_PASSPHRASE", "two")
    refused = yester("init", second, "--like", first)
    assert refused.code == 6 and not (second / "config").exists()
    (tmp_path / "one").write_text("one\n")
    assert yester("init", tmp_path / "third", "--like", first, "--like-passphrase-file", tmp_path / "one").code == 0
    monkeypatch.setenv("YESTER_LIKE_PASSPHRASE", "one")
    assert yester("init", second, "--like", first).code == 0
    assert yester("list", "--repo", second).code == 0


def _root(place: Path) -> object:
    from yester.engine.places import Places
    from yester.engine.repository import Repository
    from yester.engine.trees.directories import decode_root, resolve
    from yester.plugins.backends.registry import open_store

    repository = Repository.open(open_store(str(place)), None, places=Places.default())
    [(_, snapshot)] = repository.snapshots()
    home = resolve(repository.reader(), decode_root(snapshot.root), snapshot.sources[0])
    assert home is not None
    return home.tree


def test_a_backend_that_nobody_serves(yester: Yester) -> None:
    refused = yester("init", "--no-encryption", "fiel:///tmp/x")
    assert refused.code == 2
    assert "file://" in refused.err


def test_typed_twice(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from yester.engine.errors import CancelledError, UsageError
    from yester.tui.cli import asking

    typed: list[str] = []

    def getpass(words: str) -> str:
        if not typed:
            raise EOFError
        return typed.pop(0)

    monkeypatch.setattr("getpass.getpass", getpass)
    monkeypatch.setattr("sys.stdin", _Terminal())
    monkeypatch.setattr("sys.stderr", _Terminal())
    ask = asking.new_passphrase_prompt()
    assert ask is not None
    typed[:] = ["same", "same"]
    assert ask() == "same"
    typed[:] = ["same", "other"]
    with pytest.raises(UsageError, match="differ"):
        ask()
    with pytest.raises(CancelledError):
        ask()
    once = asking.passphrase_prompt("/repository")
    assert once is not None
    typed[:] = ["just once"]
    assert once() == "just once"


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_repository_that_is_there_is_noticed_before_anybody_is_asked(yester: Yester, plain: Path) -> None:
    refused = yester("init", "--passphrase-command", "no-such-program")
    assert refused.code == 6
    assert "There is a repository at" in refused.err
    assert is_one_complaint(refused.err)
