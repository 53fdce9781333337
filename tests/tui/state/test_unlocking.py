"""What a person is asked who has to type a passphrase."""

import pytest

from yester.tui.state.text import plain
from yester.tui.state.unlocking import lines

FILE = "The passphrase file /x cannot be read: No such file or directory"


@pytest.mark.parametrize(
    ("why", "problem", "there", "missing"),
    [
        ("The repository at /r is encrypted, and no passphrase was given", "", "Its passphrase, please", "mended"),
        (FILE, "", FILE, "please"),
        ("Wrong passphrase: no key slot opens", "", "c on Home changes where they find it", "please"),
        ("The keyring holds no passphrase for the repository at /r", "", "The keyring holds no", "please"),
        (FILE, "Wrong passphrase: no key slot opens", "Wrong passphrase", FILE),
    ],
)
def test_which_source_failed_is_said_until_something_is_typed(why: str, problem: str, there: str, missing: str) -> None:
    text = "\n".join(map(plain, lines("docs", why, problem)))
    assert text.startswith("The repository of docs is encrypted\n")
    assert there in text and missing not in text
