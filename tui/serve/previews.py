"""Answers that show a file without bringing it back: in lines, as a picture, and beside another version of it.

They are made here and not where they are shown: a syntax, a picture or a difference may take long.
"""

from yester.engine.errors import UsageError
from yester.tui.cli.wording import size
from yester.tui.serve.call import Answers, Call
from yester.tui.serve.contents import OpenFile, opened_file
from yester.tui.serve.desk import Desk
from yester.tui.serve.drawing import LARGEST, can_draw, drawn
from yester.tui.serve.files import details
from yester.tui.serve.methods.files import Entry, FilePair, Show
from yester.tui.serve.methods.params import NOW
from yester.tui.state import preview
from yester.tui.state.entries import entry_panel
from yester.tui.state.pictures import Facts, Picture, facts, fitted
from yester.tui.state.preview import Beginning, Compared, Preview
from yester.tui.state.text import Line, Span, line

_BEGINNING = 64 << 10
_COMPARED = 256 << 10


def show(desk: Desk, asked: Show, call: Call) -> Answers:
    """Yield how an entry looks."""
    if asked.view == "details":
        yield Preview(tuple(_details(desk, asked, call)))
        return
    with opened_file(desk, asked, asked.snapshot, asked.entry.raw) as file:
        begin = Beginning(file.size, file.read(0, _BEGINNING))
        found = facts(begin.bytes) if asked.view == "content" else None
        data = file.read(0, LARGEST) if found is not None and _is_drawn(found, file, asked) else b""
    if found is not None:
        yield _picture(found, begin, data, asked, call)
        return
    name = printable_name(asked.entry.raw)
    is_bytes, columns = asked.view == "bytes", asked.columns
    yield Preview(tuple(preview.numbers(begin, columns) if is_bytes else preview.shown(begin, name, columns)))


def _details(desk: Desk, asked: Show, call: Call) -> list[Line]:
    entry = Entry(profile=asked.profile, repository=asked.repository, snapshot=asked.snapshot, entry=asked.entry)
    rows = [(str(row["name"]), str(row["value"])) for row in details(desk, entry, call) if isinstance(row, dict)]
    return entry_panel(rows)


def printable_name(path: bytes) -> str:
    """Return a file's name as text, for what its ending tells."""
    return path.rpartition(b"/")[2].decode("utf-8", "replace")


def _is_drawn(found: Facts, file: OpenFile, asked: Show) -> bool:
    return bool(asked.columns and asked.rows and found.width and found.height) and file.size <= LARGEST and can_draw()


def _picture(found: Facts, begin: Beginning, data: bytes, asked: Show, call: Call) -> Preview:
    said = line(f"{found.kind}, {found.width:,} x {found.height:,}", Span(f"  {size(begin.size)}", "dim"))
    if not data:
        return Preview((said,))
    width, height = fitted(found, asked.columns, asked.rows)
    dots = drawn(data, width, height, call)
    if dots is None:
        return Preview((said, line(Span("it is damaged, or too much to be shown", "warn"))))
    return Preview((said,), Picture(width, height // 2, dots))


def compare(desk: Desk, asked: FilePair, call: Call) -> Answers:
    """Yield how a file differs from one side to the other."""
    both = Compared(
        _side(desk, asked, asked.before), _side(desk, asked, asked.after), _name(asked.before), _name(asked.after)
    )
    if both.before is None and both.after is None:
        raise UsageError("Neither of the two is a file that can be read")
    yield Preview((*_missing(both), *preview.difference(both)))


def _missing(both: Compared) -> list[Line]:
    if both.before is not None and both.after is not None:
        return []
    name = both.before_is if both.before is None else both.after_is
    return [line(Span(f"there is no {name}", "warn")), line("")]


def _side(desk: Desk, asked: FilePair, snapshot: str) -> Beginning | None:
    try:
        with opened_file(desk, asked, snapshot, asked.entry.raw) as file:
            return Beginning(file.size, file.read(0, _COMPARED))
    except UsageError:
        return None


def _name(snapshot: str) -> str:
    return "file now" if snapshot == NOW else f"version of {snapshot[:8]}"
