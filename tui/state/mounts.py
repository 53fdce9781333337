"""Mounts: where snapshots are shown as folders; pure."""

import os
from collections.abc import Iterable, Sequence

from yester.engine.events import Shown
from yester.tui.cli.wording import age, count, moment, one_line, printable
from yester.tui.state.text import Column, Glyphs, Line, Row, Span, line

COLUMNS = (
    Column("STATE", 8),
    Column("MOUNTED AT", keeps_end=True),
    Column("SHOWS", 13, from_width=76),
    Column("SINCE", 7),
    Column("READS", 9, is_right=True, from_width=60),
    Column("CACHED", 6, is_right=True, from_width=70),
    Column("OPEN", 5, is_right=True),
)


NOTHING = "-"


class Mount(Shown, frozen=True, kw_only=True):
    """A mount, as `mounts.list` tells of it."""

    state: str = "live"
    shows: str | None = None
    repository: str = ""
    pid: int | None = None
    since_ns: int | None = None
    reads: int | None = None
    cache_hits: int | None = None
    cache_misses: int | None = None
    open_files: int | None = None
    user: str | None = None
    log: str | None = None

    @property
    def is_live(self) -> bool:
        """Whether somebody answers there."""
        return self.state == "live"

    @property
    def is_others(self) -> bool:
        """Whether somebody answers there of whom only the kernel tells: it was mounted by another person."""
        return self.is_live and self.pid is None

    @property
    def cached(self) -> str:
        """How much of what was wanted lay decoded in memory."""
        hits, asked = self.cache_hits or 0, (self.cache_hits or 0) + (self.cache_misses or 0)
        return f"{100 * hits // asked} %" if asked else NOTHING


def wanted(mounts: Iterable[Mount], text: str) -> list[Mount]:
    """Return the mounts in which a text occurs."""
    text = text.casefold()
    return [each for each in mounts if text in f"{each.path} {each.shows} {each.repository} {each.state}".casefold()]


def showing_all(mounts: Iterable[Mount], repository: str) -> Mount | None:
    """Return a mount of one's own that shows all of a repository."""
    mine = (each for each in mounts if each.is_live and each.pid is not None and each.shows == "all")
    return next((each for each in mine if each.repository == repository), None)


def place_for(runtime: bytes, profile: str) -> bytes:
    """Return the folder at which a profile's repository is mounted when nobody says where."""
    return os.path.join(runtime, b"shown", os.fsencode(profile))


def row_of(mount: Mount, now_ns: int, glyphs: Glyphs) -> Row:
    """Return a mount as a row."""
    return Row(
        (
            _state(mount, glyphs),
            Span(mount.path, "strong"),
            Span(mount.shows or (f"of {mount.user}" if mount.user else "-")),
            Span(age(now_ns - mount.since_ns) if mount.since_ns else "-", "dim"),
            Span(f"{mount.reads:,}" if mount.reads is not None else "-"),
            Span(mount.cached, "dim"),
            Span(f"{mount.open_files:,}" if mount.open_files is not None else "-"),
        )
    )


def _state(mount: Mount, glyphs: Glyphs) -> Span:
    return Span(f"{glyphs.good if mount.is_live else glyphs.bad} {mount.state}", "good" if mount.is_live else "bad")


def panel(mount: Mount, now_ns: int, glyphs: Glyphs) -> list[Line]:
    """Return what is to say of a mount."""
    of = f"{mount.shows or 'snapshots'} of {one_line(mount.repository)}"
    lines = [line(Span(mount.path, "strong"), "  ", _state(mount, glyphs)), line(Span("shows   ", "dim"), of)]
    if mount.since_ns:
        when = f"{moment(mount.since_ns)[:16]} ({age(now_ns - mount.since_ns)}), by process {mount.pid}"
        lines.append(line(Span("since   ", "dim"), when))
    elif mount.user:
        lines.append(line(Span("by      ", "dim"), f"{mount.user}: more is known to them alone"))
    if mount.reads is not None and mount.is_live:
        cached = f"{mount.cached} from memory" if mount.cached != NOTHING else ""
        done = (count(mount.reads, "read"), cached, count(mount.open_files or 0, "open file"))
        lines.append(line(Span("served  ", "dim"), ", ".join(filter(None, done))))
    if mount.log:
        lines.append(line(Span("log     ", "dim"), mount.log))
    if not mount.is_live:
        lines.append(line(Span("Its process is gone. Who looks into it gets an error: c takes it away.", "warn")))
    return lines


def mount_command(place: bytes) -> Line:
    """Return the command that mounts there."""
    return line(Span(f"$ yester mount {printable(place)}", "dim"))


def busy_lines(mount: Mount, why: str, open_files: int) -> list[Line]:
    """Return what a person is asked when a mount is in use."""
    held = f" ({count(open_files, 'open file')})" if open_files else ""
    return [
        line(Span(f"{mount.path} is in use{held}", "strong")),
        line(Span(why, "dim")),
        line("Let it go all the same? It is gone from sight at once; programs that use it read on."),
        line(Span(f"$ yester umount --lazy {mount.path}", "dim")),
    ]


def others_lines(mount: Mount) -> list[Line]:
    """Return what a person is asked before the mount of somebody else is taken away."""
    return [
        line(Span(f"{mount.path} was not mounted from here", "strong")),
        line(f"It is a mount of {mount.user or 'somebody else'}, who may be using it. Take it away?"),
        line(Span(f"$ yester umount {mount.path}", "dim")),
    ]


def leaving_lines(places: Sequence[bytes]) -> list[Line]:
    """Return what a person is asked once who leaves while snapshots are mounted from here."""
    return [
        line(Span("Snapshots are mounted from here", "strong")),
        *(line(f"  {printable(place)}") for place in places),
        line("They stay when you leave, until they are unmounted or the machine is restarted."),
        *(line(Span(f"$ yester umount {printable(place)}", "dim")) for place in places[:1]),
    ]
