"""Sends a mail about how a run ended: over SMTP, or through this machine's own sendmail."""

import base64
import hashlib
import json
import re
import smtplib
import ssl
import subprocess
from collections.abc import Mapping
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import ClassVar
from uuid import uuid4

from yester.engine.errors import YesterError
from yester.engine.host import host_name, user_name
from yester.engine.places import Places, remember
from yester.plugins.native import Option, action
from yester.plugins.shipped.bounded import within
from yester.plugins.shipped.endings import Ending
from yester.plugins.shipped.letters import body_of, mail, subject_of
from yester.plugins.shipped.telling import Teller

_LONGEST_S = 90.0
_PORTS: Mapping[str, int] = {"starttls": 587, "tls": 465, "none": 25}
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+(@[A-Za-z0-9.-]+|@\[[0-9A-Fa-f.:]+\])?")


class NotMailed(YesterError):
    """A mail could not be handed over, and why."""


class Mail(Teller):
    """Send a mail when a backup fails, or whenever one ends."""

    option_spec: ClassVar[Mapping[str, Option]] = {
        "to": Option("list", [], "Who gets the mail."),
        "sender": Option("string", "", "Who it is from; without it you at this machine."),
        "when": Option(
            "option", "failure", "Always, on each failure, or when it fails first and works again.",
            choices=("always", "failure", "change"),
        ),
        "server": Option("string", "", "The mail server; without it this machine's sendmail takes the mail."),
        "port": Option("port", 0, "Its port; 0: as `security` has it, 587, 465 or 25."),
        "security": Option("option", "starttls", "How the connection is protected.", choices=tuple(_PORTS)),
        "user": Option("string", "", "Your name at the server; without it nobody logs in."),
        "password": Option("string", "", "Your password there.", is_secret=True),
        "timeout": Option("seconds", "30s", "How long handing over a mail may take."),
        "sendmail": Option("path", "/usr/sbin/sendmail", "The program that takes mails on this machine."),
    }  # fmt: skip

    def told(self, ending: Ending) -> None:
        """Send the mail that the ending is worth."""
        is_change = ending.result not in ("skipped", "cancelled") and has_changed(ending)
        if not self._is_wanted(ending, is_change):
            return
        try:
            self._send(subject_of(ending, host_name()), body_of(ending, host_name()))
            if is_change:  # else the next run tries to tell of it
                remember_ending(ending)
        except YesterError as problem:
            self.say(f"No mail was sent: {problem}", "warning", "try")

    @action("try", "Send a mail now")
    def try_it(self, options: dict[str, str]) -> str:
        """Send a mail that says that mails come through."""
        self._send(
            f"yester on {host_name()} can send mails",
            "This mail was asked for. To hear of each backup, and not only of those that fail:\n\n"
            f"yester plugin options {self.name} --set when=always\n",
        )
        return f"the mail to {', '.join(self.options['to'])} was handed over"

    def _is_wanted(self, ending: Ending, is_change: bool) -> bool:
        if self.options["when"] == "change":
            return is_change
        return ending.is_bad or self.options["when"] == "always"

    def _send(self, subject: str, text: str) -> None:
        options, to = self.options, list(self.options["to"])
        sender = options["sender"] or f"{user_name()}@{host_name()}"
        if not to:
            raise NotMailed(f"nobody is to get it; say who: yester plugin options {self.name} --set to=you@example.org")
        for address in (*to, sender):
            if not _ADDRESS.fullmatch(address):
                raise NotMailed(f"{address!r} is no address, such as you@example.org")
        id = f"{uuid4()}@{sender.rpartition('@')[2] or host_name()}"
        message = mail(sender, to, subject, text, now=datetime.now().astimezone(), id=id)
        carry = self._over_smtp if options["server"] else self._by_sendmail
        try:
            within(min(options["timeout"], _LONGEST_S), lambda: carry(sender, to, message))
        except TimeoutError:
            raise NotMailed(
                f"{options['server'] or options['sendmail']} did not take it within {options['timeout']:g} s"
            ) from None

    def _over_smtp(self, sender: str, to: list[str], message: EmailMessage) -> None:
        server = self.options["server"]
        try:
            with self._connected() as connection:
                if self.options["user"]:
                    _log_in(connection, self.options["user"], self.options["password"])
                refused = connection.send_message(message, sender, to)
        except smtplib.SMTPResponseException as problem:
            raise NotMailed(f"{server} refuses: {problem.smtp_code} {_words_of(problem.smtp_error)}") from None
        except smtplib.SMTPRecipientsRefused as problem:
            raise NotMailed(f"{server} refuses {_refused(problem.recipients)}") from None
        except ssl.SSLCertVerificationError as problem:
            raise NotMailed(f"the certificate of {server} is not valid: {problem.verify_message}") from None
        except (smtplib.SMTPException, OSError) as problem:
            if isinstance(problem, TimeoutError):
                raise
            words = getattr(problem, "strerror", None) or str(problem) or type(problem).__name__
            raise NotMailed(f"{server}: {words}") from None
        if refused:
            self.say(f"{server} refuses {_refused(refused)}; the others get the mail", "warning")

    def _connected(self) -> smtplib.SMTP:
        options, context = self.options, ssl.create_default_context()
        security, server = options["security"], options["server"]
        port, timeout_s = options["port"] or _PORTS[security], options["timeout"]
        if security == "none" and options["password"] and server not in _HERE:
            raise NotMailed("a password is not sent over a connection without TLS; set security to starttls or tls")
        if security == "tls":
            return smtplib.SMTP_SSL(server, port, host_name(), timeout=timeout_s, context=context)
        connection = smtplib.SMTP(server, port, host_name(), timeout=timeout_s)
        if security == "starttls":
            try:
                connection.starttls(context=context)
            except BaseException:
                connection.close()
                raise
        return connection

    def _by_sendmail(self, sender: str, to: list[str], message: EmailMessage) -> None:
        program = self.options["sendmail"]
        words = [program, "-i", "-f", sender, "--", *to]
        try:
            done = subprocess.run(
                words, input=message.as_bytes(), capture_output=True, check=False, timeout=self.options["timeout"]
            )
        except subprocess.TimeoutExpired:
            raise TimeoutError from None
        except FileNotFoundError:
            raise NotMailed(f"there is no {program} here, and no server is named") from None
        except OSError as problem:
            raise NotMailed(f"{program} cannot be run: {problem.strerror}") from None
        if done.returncode:
            raise NotMailed(f"{program}: {_words_of(done.stderr) or f'exit code {done.returncode}'}")


def has_changed(ending: Ending) -> bool:
    """Whether this ended badly, and what was told of last did not, or the other way round."""
    return _was_bad(_last_of(ending)) != ending.is_bad


def remember_ending(ending: Ending) -> None:
    """Keep what somebody was told. YesterError when that cannot be written."""
    remember(_last_of(ending), json.dumps({"is_bad": ending.is_bad}).encode())


def _last_of(ending: Ending) -> Path:
    about = hashlib.sha256(f"{ending.action} {ending.name}".encode("utf-8", "surrogateescape")).hexdigest()[:32]
    return Places.default().state / "plugins" / "mail" / f"{about}.json"


def _was_bad(path: Path) -> bool:
    try:
        return bool(json.loads(path.read_bytes())["is_bad"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _log_in(connection: smtplib.SMTP, user: str, password: str) -> None:
    if user.isascii() and password.isascii():
        connection.login(user, password)
        return
    # The library knows ASCII alone; RFC 4616 has UTF-8.
    connection.ehlo_or_helo_if_needed()
    secret = base64.b64encode(f"\0{user}\0{password}".encode("utf-8", "surrogateescape")).decode()
    code, said = connection.docmd("AUTH", f"PLAIN {secret}")
    if code != 235:
        raise smtplib.SMTPAuthenticationError(code, said)


def _words_of(answer: bytes | str) -> str:
    text = answer.decode("utf-8", "backslashreplace") if isinstance(answer, bytes) else answer
    return "; ".join(line.strip() for line in text.splitlines() if line.strip())


def _refused(recipients: Mapping[str, tuple[int, bytes]]) -> str:
    return ", ".join(f"{address} ({code} {_words_of(said)})" for address, (code, said) in recipients.items())
