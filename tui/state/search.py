"""Names that were found in all snapshots; pure."""

from yester.engine.events import Shown
from yester.tui.cli.wording import moment, size
from yester.tui.state.text import Column, Row, Span
from yester.tui.state.versions import Seen

COLUMNS = (
    Column("PATH"),
    Column("SIZE", 10, is_right=True, from_width=50),
    Column("LAST SEEN", 16, from_width=60),
    Column("", 7),
)
MOST = 200
"""Names that are asked for."""


class Found(Shown, frozen=True, kw_only=True):
    """A path that was found, as `files.find` tells of it."""

    type: str = "file"
    mode: int = 0
    size: int = 0
    mtime_ns: int = 0
    marks: tuple[str, ...] = ()
    deleted: bool = False
    last: Seen

    @property
    def is_folder(self) -> bool:
        """Whether it can be gone into."""
        return self.type in ("directory", "folder")


def row_of(found: Found) -> Row:
    """Return a path as a row; the end of a long one says more than its beginning."""
    name = found.path + ("/" if found.is_folder else "")
    return Row(
        (
            Span(name, "dim" if found.deleted else "plain"),
            Span(size(found.size)),
            Span(moment(found.last.time_ns)[:16], "dim"),
            Span("deleted" if found.deleted else "", "warn"),
        )
    )


def said(found: int | None, has_more: bool, text: str) -> str:
    """Return what is said of a search."""
    if not text:
        return "a part of a name, or a pattern with * and ?; with a slash: of the path"
    if found is None:
        return "looking…"
    if has_more:
        return f"the newest {found:,}; there are more; Enter goes to them"
    return f"{found:,} found; Enter goes to them" if found else "no snapshot has such a name"
