"""What a person reads of how a run ended: the words of mails and of logs that services show; pure.

All that comes from names is one line by the time it is here, so that no name can end a header or begin another line.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from shlex import quote

from yester.engine.events import RunEnd
from yester.plugins.shipped.endings import Ending, one_line

_WIDTH = 12


def subject_of(ending: Ending, host: str) -> str:
    """Return what a mail is about."""
    verdict = "please look" if ending.is_bad else "all is well" if ending.result != "cancelled" else "cancelled"
    return one_line(f"yester, {ending.name} on {host}: {verdict}")


def body_of(ending: Ending, host: str = "") -> str:
    """Return what happened, for a person."""
    parts = [
        [f"{ending.text}."],
        [ending.hint] if ending.hint else [],
        [f"{one_line(words)}." for words in (ending.end.suspicions if ending.end is not None else ())],
        [f"{name + ':':<{_WIDTH}} {value}" for name, value in _facts(ending, host) if value],
        _said(ending),
        [f"To see all of it: yester log {quote(ending.profile)}"] if ending.profile else [],
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _facts(ending: Ending, host: str) -> Iterator[tuple[str, str]]:
    yield "Profile", ending.profile
    yield "Machine", host
    yield "Repository", ending.repository
    yield "Run", ending.run
    yield "Result", f"{ending.result}, exit code {ending.exit_code}"
    if ending.end is not None:
        yield from _figures(ending.end)


def _figures(end: RunEnd) -> Iterator[tuple[str, str]]:
    yield "Snapshot", end.snapshot[:8]
    yield "Files", f"{end.files:,}: {end.new:,} new, {end.changed:,} changed, {end.failed:,} not readable"
    yield "Size", f"{size(end.size)}; {size(end.added_size)} added, {size(end.stored_size)} stored"
    yield "Took", str(timedelta(seconds=round(end.duration_ns / 1e9)))


def size(count: int) -> str:
    """Return a number of bytes in words."""
    if count < 1000:
        return f"{count} bytes"
    scaled, units = count / 1000, iter(("kB", "MB", "GB", "TB"))
    unit = next(units)
    for larger in units:
        if scaled < 999.5:
            break
        scaled, unit = scaled / 1000, larger
    return f"{scaled:.3g} {unit}" if scaled < 1000 else f"{scaled:,.0f} {unit}"


def _said(ending: Ending) -> list[str]:
    if not ending.said:
        return []
    more = [f"- and {ending.more:,} more"] if ending.more else []
    return ["What was said:", *(f"- {line}" for line in ending.said), *more]


def mail(sender: str, to: list[str], subject: str, text: str, *, now: datetime, id: str) -> EmailMessage:
    """Return a mail. The addresses were checked; `id` is unique in the world, without its angle brackets."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = ", ".join(to)
    message["Subject"] = one_line(subject)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{id}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notice answers it
    message.set_content(text, charset="utf-8")
    return message
