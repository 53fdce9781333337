"""Mounts: where snapshots are shown as folders; pure."""

from yester.engine.events import Shown
from yester.tui.cli.wording import age
from yester.tui.state.text import Column, Glyphs, Row, Span

COLUMNS = (
    Column("STATE", 8),
    Column("MOUNTED AT"),
    Column("SHOWS", 24, from_width=80),
    Column("SINCE", 9),
    Column("READS", 10, is_right=True, from_width=60),
    Column("FROM MEMORY", 11, is_right=True, from_width=100),
)


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


def row_of(mount: Mount, now_ns: int, glyphs: Glyphs) -> Row:
    """Return a mount as a row."""
    is_live = mount.state == "live"
    hits, asked = mount.cache_hits or 0, (mount.cache_hits or 0) + (mount.cache_misses or 0)
    return Row(
        (
            Span(f"{glyphs.good if is_live else glyphs.bad} {mount.state}", "good" if is_live else "bad"),
            Span(mount.path, "strong"),
            Span(mount.shows or "-"),
            Span(age(now_ns - mount.since_ns) if mount.since_ns else "-", "dim"),
            Span(f"{mount.reads:,}" if mount.reads is not None else "-"),
            Span(f"{100 * hits // asked} %" if asked else "-", "dim"),
        )
    )
