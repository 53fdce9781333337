import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest

from yester.engine.errors import RepositoryError, UsageError
from yester.engine.secrets import SecretSource, as_secret, find_secret, keep_in_keyring

PLACE = "/repository"


def find(*sources: SecretSource, ask: Callable[[], str] | None = None, **environment: str) -> bytes:
    return find_secret(PLACE, sources, environment, ask)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "passphrase"
    path.write_bytes(b"from the file\n")
    return path


def saying(text: str) -> str:
    return f"{sys.executable} -c 'print(\"{text}\")'"


def test_each_source(file: Path) -> None:
    assert find(SecretSource(file=str(file))) == b"from the file"
    assert find(SecretSource(command=saying("from a command"))) == b"from a command"
    assert find(YESTER_PASSPHRASE="from the environment") == b"from the environment"
    assert find(YESTER_PASSPHRASE_FILE=str(file)) == b"from the file"
    assert find(YESTER_PASSPHRASE_COMMAND=saying("from a command")) == b"from a command"
    assert find(ask=lambda: "typed") == b"typed"


@pytest.mark.parametrize("name", ["yester.passphrase", "yester"])
def test_a_systemd_credential(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"from systemd")
    assert find(CREDENTIALS_DIRECTORY=str(tmp_path)) == b"from systemd"


def test_a_credentials_folder_of_others_is_passed_over(tmp_path: Path) -> None:
    assert find(CREDENTIALS_DIRECTORY=str(tmp_path), ask=lambda: "typed") == b"typed"


def test_the_order(file: Path) -> None:
    """The nearer to the person, the more it counts."""
    named, profile = SecretSource(file=str(file)), SecretSource(command=saying("profile"))
    assert find(named, profile, YESTER_PASSPHRASE="environment") == b"from the file"
    assert find(SecretSource(), profile, YESTER_PASSPHRASE="environment") == b"profile"
    assert find(YESTER_PASSPHRASE="environment", YESTER_PASSPHRASE_FILE="/nowhere") == b"environment"
    assert find(YESTER_PASSPHRASE="environment", ask=lambda: "typed") == b"environment"


def test_nothing_and_nobody_to_ask() -> None:
    with pytest.raises(RepositoryError, match="no terminal") as caught:
        find()
    assert "YESTER_PASSPHRASE_FILE" in caught.value.hint
    assert caught.value.exit_code == 6


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (SecretSource(file="/nowhere/at/all"), "passphrase file /nowhere/at/all cannot be read"),
        (SecretSource(command="false"), "failed with status 1"),
        (SecretSource(command="/no/such/program x"), "cannot be run"),
        (SecretSource(command="unbalanced 'quote"), "cannot be run"),
        (SecretSource(command=" "), "cannot be run"),
        (SecretSource(command="true"), "is empty"),
    ],
)
def test_a_named_source_that_fails(source: SecretSource, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        find(source, ask=lambda: "typed")
    assert words in caught.value.what


def test_empty_is_refused() -> None:
    for text in ("", "\n", "\r\n"):
        with pytest.raises(UsageError, match="is empty"):
            find(YESTER_PASSPHRASE=text)
    with pytest.raises(UsageError, match="the passphrase that was typed is empty"):
        find(ask=lambda: "")


def test_one_line_end_is_dropped_and_no_blank() -> None:
    assert as_secret(b" a b \r\n", "x") == b" a b "
    assert as_secret(b"a\n\n", "x") == b"a\n"


def test_every_keyboard_writes_alike() -> None:
    assert as_secret(unicodedata.normalize("NFD", "gr\u00fcn"), "x") == "gr\u00fcn".encode()


def test_bytes_that_are_no_text_stay() -> None:
    assert as_secret(b"\xff\x00\n", "x") == b"\xff\x00"
    assert as_secret("\udcff", "x") == b"\xff"


def test_the_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring
    from keyring.backend import KeyringBackend

    class Ring(KeyringBackend):
        priority = 1
        kept: ClassVar[dict[tuple[str, str], str]] = {}

        def get_password(self, service: str, username: str) -> str | None:
            return self.kept.get((service, username))

        def set_password(self, service: str, username: str, password: str) -> None:
            self.kept[service, username] = password

    before = keyring.get_keyring()
    keyring.set_keyring(Ring())  # type: ignore[no-untyped-call]
    try:
        asked = SecretSource(keyring=True)
        assert find(asked, ask=lambda: "typed") == b"typed"
        with pytest.raises(RepositoryError, match=f"The keyring holds no passphrase for the repository at {PLACE}"):
            find(asked)
        keep_in_keyring(PLACE, "kept")
        assert find(asked) == b"kept"
        assert find(asked, YESTER_PASSPHRASE="environment") == b"environment"
        assert find(ask=lambda: "typed") == b"typed"
    finally:
        keyring.set_keyring(before)


def test_a_keyring_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(UsageError, match="not installed"):
        find(SecretSource(keyring=True))
    with pytest.raises(UsageError, match="not installed"):
        keep_in_keyring(PLACE, "x")


@pytest.mark.parametrize(
    "source",
    [SecretSource(file="/dev/zero"), SecretSource(command="cat /dev/zero"), SecretSource(command="yes x")],
)
def test_what_is_endless_is_no_passphrase(source: SecretSource) -> None:
    with pytest.raises(UsageError, match="is longer than 65,536 bytes"):
        find(source)


def test_a_key_file_may_be_long(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(bytes(range(1, 256)) * 257)
    assert len(find(SecretSource(file=str(tmp_path / "key")))) == 65535
