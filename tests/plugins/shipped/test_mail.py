"""Mails, by a mail server of the tests over TLS and by a stand-in of sendmail; and what they say."""

import email
import email.policy
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.plugins.shipped.rig import BEGIN, ERRORS, FAILED, GOOD, WHY, closed_port, fails, goes_well, made, silent
from tests.plugins.shipped.smtp import certificate, plain, post_office

from yester.engine.events import CheckEnd, Message
from yester.plugins.native import Occasion
from yester.plugins.shipped.endings import Story
from yester.plugins.shipped.letters import body_of, mail, size, subject_of
from yester.plugins.shipped.mail import Mail, NotMailed

TO: dict[str, Any] = {"to": ("me@example.org", "you@example.org"), "sender": "backup@example.org"}


@pytest.fixture
def files(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A certificate that this process trusts, and its key."""
    found = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(found[0]))
    return found


def read(letter: bytes) -> EmailMessage:
    message = email.message_from_bytes(letter, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


# What a person reads

STORY = """\
The run failed: The disk is full.

Make room.

Profile:     docs
Machine:     here
Repository:  /srv/repo
Run:         r1
Result:      failed, exit code 1
Files:       0: 0 new, 0 changed, 0 not readable
Size:        0 bytes; 0 bytes added, 0 bytes stored
Took:        0:00:00

What was said:
- /etc/x\\ny: Permission denied

To see all of it: yester log docs
"""


def test_a_mail_that_a_person_understands() -> None:
    story = Story(Occasion("snap"))
    events = [BEGIN, Message(level="error", text="Permission denied", path="/etc/x\ny"), WHY, FAILED]
    (ending,) = filter(None, [story.tell(event) for event in events])
    assert subject_of(ending, "here") == "yester, docs on here: please look"
    assert body_of(ending, "here") == STORY


def test_a_mail_about_a_source_that_is_gone() -> None:
    story = Story(Occasion("snap"))
    story.tell(BEGIN)
    ending = story.tell(replace(GOOD, suspicions=("The source /home is gone",), snapshot="ab" * 32))
    assert ending is not None
    body = body_of(ending)
    assert body.startswith("The snapshot was taken.\n\nThe source /home is gone.\n\nProfile:     docs\n")
    assert "Snapshot:    abababab\nFiles:       3: 2 new, 1 changed, 0 not readable\n" in body
    assert "Size:        12.3 kB; 0 bytes added" in body
    assert "Took:        0:01:01\n" in body


def test_sizes() -> None:
    sizes = [size(count) for count in (0, 999, 1000, 12_345, 999_499, 999_600, 5 * 10**9, 10**15)]
    assert sizes == ["0 bytes", "999 bytes", "1 kB", "12.3 kB", "999 kB", "1 MB", "5 GB", "1,000 TB"]


@given(st.text(st.characters(exclude_categories=())), st.text())
def test_no_name_ends_a_header(name: str, text: str) -> None:
    story = Story(Occasion("snap", "r1", name, name))
    ending = story.tell(replace(WHY, text=text))
    assert ending is not None
    subject = subject_of(ending, "here")
    written = mail("a@b", ["c@d"], subject, body_of(ending), now=datetime(2026, 1, 1, tzinfo=UTC), id="1@b").as_bytes()
    message = read(written)
    headers = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Type"]
    assert message.keys()[: len(headers)] == headers
    assert set(message.keys()) - set(headers) <= {"Content-Transfer-Encoding", "MIME-Version"}
    # Python loses white space where it breaks a long subject after letters that are not ASCII.
    assert "".join(message["Subject"].split()) == "".join(subject.split())
    assert message["To"] == "c@d"
    assert message.get_content().startswith("The run failed:")


# Handing it over


@pytest.mark.parametrize(("security", "password"), [("starttls", "pass"), ("tls", "pass"), ("tls", "päss")])
def test_over_tls_with_a_login(files: tuple[Path, Path], security: str, password: str) -> None:
    with post_office(files, tls=security == "tls") as office:
        options = {**TO, "server": "127.0.0.1", "port": office.port, "security": security}
        plugin, said = made(Mail, **options, user="me", password=password)
        fails(plugin)
    assert said == []
    (letter,) = office.letters
    message = read(letter)
    assert (message["From"], message["To"]) == ("backup@example.org", "me@example.org, you@example.org")
    assert "The run failed: The disk is full" in message.get_content()
    assert f"*AUTH PLAIN {plain('me', password)}" in office.told
    assert [line for line in office.told if line.startswith(("*mail", "*rcpt"))] == [
        line for line in office.told if line.startswith(("mail", "rcpt", "*mail", "*rcpt"))
    ], "nothing of it goes over the wire in the clear"


@pytest.mark.parametrize(
    ("options", "answers", "words"),
    [
        ({}, {"STARTTLS": "454 no TLS today"}, "No mail was sent: 127.0.0.1 refuses: 454 no TLS today"),
        ({}, {"EHLO": "250 here"}, "STARTTLS extension not supported by server"),
        ({"user": "me", "password": "secret"}, {"AUTH": "535 who are you"}, "127.0.0.1 refuses: 535 who are you"),
        ({}, {"MAIL": "550 go away"}, "127.0.0.1 refuses: 550 go away"),
        ({}, {"RCPT": "550 unknown"}, "127.0.0.1 refuses me@example.org (550 unknown), you@example.org (550 unknown)"),
        ({}, {".": "554 smells of spam"}, "127.0.0.1 refuses: 554 smells of spam"),
    ],
)
def test_a_server_that_refuses(
    files: tuple[Path, Path], options: dict[str, Any], answers: dict[str, Any], words: str
) -> None:
    with post_office(files, **answers) as office:
        plugin, said = made(Mail, **TO, server="127.0.0.1", port=office.port, **options)
        fails(plugin)
    assert [level for _, level in said] == ["warning"]
    assert words in said[0][0]
    assert "secret" not in said[0][0]


def test_a_certificate_of_nobody(files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with post_office(files) as office:
        plugin, said = made(Mail, **TO, server="127.0.0.1", port=office.port)
        fails(plugin)
    assert "the certificate of 127.0.0.1 is not valid: self-signed certificate" in said[0][0]
    assert office.letters == []


@pytest.mark.parametrize("security", ["starttls", "tls", "none"])
def test_a_server_that_is_not_there_or_hangs(home: Path, security: str) -> None:
    options = {**TO, "server": "127.0.0.1", "security": security}
    plugin, said = made(Mail, **options, port=closed_port())
    fails(plugin)
    with silent() as port:
        plugin, said_of_silent = made(Mail, **options, port=port, timeout=0.2)
        fails(plugin)
    assert [text for text, _ in said] == ["No mail was sent: 127.0.0.1: Connection refused"]
    assert [text for text, _ in said_of_silent] == ["No mail was sent: 127.0.0.1 did not take it within 0.2 s"]


def test_no_password_goes_over_the_wire_in_the_clear(home: Path) -> None:
    plugin, said = made(Mail, **TO, server="mail.example.org", security="none", user="me", password="secret")
    fails(plugin)
    assert "a password is not sent over a connection without TLS" in said[0][0]


SENDMAIL = '#!/bin/sh\nprintf "%s " "$@" >"$0.words"; cat >"$0.letter"\n'


@pytest.fixture
def sendmail(home: Path, tmp_path: Path) -> Path:
    path = tmp_path / "sendmail"
    path.write_text(SENDMAIL)
    path.chmod(0o755)
    return path


def test_by_sendmail(sendmail: Path) -> None:
    plugin, said = made(Mail, **TO, sendmail=str(sendmail))
    fails(plugin)
    assert said == []
    words = sendmail.with_suffix(".words").read_text()
    assert words == "-i -f backup@example.org -- me@example.org you@example.org "
    assert "please look" in read(sendmail.with_suffix(".letter").read_bytes())["Subject"]
    assert plugin.try_it({}) == "the mail to me@example.org, you@example.org was handed over"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("#!/bin/sh\necho no queue >&2; exit 75\n", "sendmail: no queue"),
        ("#!/bin/sh\nexit 75\n", "sendmail: exit code 75"),
        ("#!/bin/sh\nexec sleep 60\n", "sendmail did not take it within 0.2 s"),
        (None, "sendmail here, and no server is named"),
    ],
)
def test_a_sendmail_that_does_not(sendmail: Path, text: str | None, words: str) -> None:
    if text is None:
        sendmail.unlink()
    else:
        sendmail.write_text(text)
    plugin, said = made(Mail, **TO, sendmail=str(sendmail), timeout=0.2 if "sleep" in str(text) else 30)
    fails(plugin)
    assert words in said[0][0]


@pytest.mark.parametrize("address", ["", "a b@c", "-oQ/tmp@x y", "a@b\nBcc: c@d", "<a@b>", "a@b,c@d", "ä@b"])
def test_addresses_that_are_none(sendmail: Path, address: str) -> None:
    wrong: list[dict[str, Any]] = [{"to": (address,), "sender": "a@b"}, {"to": ("a@b",), "sender": address or " "}]
    for options in wrong:
        plugin, said = made(Mail, **options, sendmail=str(sendmail))
        fails(plugin)
        assert "is no address, such as you@example.org" in said[0][0]
    with pytest.raises(NotMailed, match="nobody is to get it"):
        made(Mail, sendmail=str(sendmail))[0].try_it({})


# When


def sent(sendmail: Path, when: str) -> list[bool]:
    """Return for each of some runs whether a mail was sent."""
    letter, found = sendmail.with_suffix(".letter"), []
    for run in (goes_well, fails, fails, goes_well, goes_well):
        letter.unlink(missing_ok=True)
        run(made(Mail, **TO, sendmail=str(sendmail), when=when)[0])
        found.append(letter.exists())
    return found


def test_when(sendmail: Path) -> None:
    assert sent(sendmail, "always") == [True] * 5
    assert sent(sendmail, "change") == [False, True, False, True, False]
    assert sent(sendmail, "failure") == [False, True, True, False, False]
    assert sent(sendmail, "change")[0], "the last that was told is that it failed"


def test_each_profile_and_each_kind_of_work_changes_by_itself(sendmail: Path) -> None:
    letter = sendmail.with_suffix(".letter")
    options = {**TO, "sendmail": str(sendmail), "when": "change"}
    fails(made(Mail, **options)[0])
    letter.unlink()
    made(Mail, **options, occasion=Occasion("snap", "r2", "other"))[0].on_error(replace(WHY, profile="other"))
    assert letter.exists()
    letter.unlink()
    made(Mail, **options, occasion=Occasion("check", "r3", "", "/srv"))[0].on_check_end(CheckEnd(problems=1))
    assert letter.exists()
    letter.unlink()
    plugin, _ = made(Mail, **options)
    plugin.on_run_begin(BEGIN)
    plugin.on_run_end(ERRORS)
    assert not letter.exists(), "it is bad still"


def test_a_change_that_nobody_was_told_of_is_told_later(sendmail: Path) -> None:
    text = sendmail.read_text()
    sendmail.write_text("#!/bin/sh\nexit 75\n")
    plugin, said = made(Mail, **TO, sendmail=str(sendmail), when="change")
    fails(plugin)
    assert len(said) == 1
    sendmail.write_text(text)
    assert sent(sendmail, "change") == [False, True, False, True, False]
