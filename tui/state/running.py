"""How a run is worded, in a row and on a panel; pure."""

from collections.abc import Mapping, Sequence

import msgspec

from yester.engine.events import Phase
from yester.engine.runs.records import BUSY, RunRecord
from yester.tui.cli.progress import WORDS, time_left
from yester.tui.cli.run_words import STATES, calls_words
from yester.tui.cli.wording import age, count, duration, moment, size
from yester.tui.state.live import Hand, LiveRun
from yester.tui.state.text import Column, Glyphs, Line, Row, Span, Tone, bar, cut, line, sparkline

COLUMNS = (
    Column("WHEN", 16),
    Column("PROFILE"),
    Column("WHAT", 8),
    Column("RESULT", 20),
    Column("TOOK", 12, is_right=True, from_width=76),
    Column("FILES", 11, is_right=True, from_width=100),
    Column("STORED", 10, is_right=True, from_width=88),
)

_TONES: Mapping[str, Tone] = {
    "complete": "good",
    "unchanged": "good",
    "errors": "warn",
    "partial": "warn",
    "running": "accent",
    "paused": "warn",
    "failed": "bad",
    "died": "bad",
}


_SHORT = 60
"""From so many cells on how far a run is, and its pace, stand on one line."""
DETACHED = line(Span("Leave it to itself whenever you like: it goes on.", "dim"))


def state_of(live: LiveRun | None, record: RunRecord) -> str:
    """Return what became of a run, as far as anybody knows."""
    if live is not None and live.is_lost and not live.record.is_over:
        return "died"
    return live.record.state if live is not None else record.state


def tone_of(state: str) -> Tone:
    """Return the tone of what became of a run."""
    return _TONES.get(state, "dim")


def glyph_of(state: str, glyphs: Glyphs) -> str:
    """Return the sign of what became of a run."""
    signs = {"good": glyphs.good, "warn": glyphs.warn, "bad": glyphs.bad, "accent": glyphs.running}
    return glyphs.paused if state == "paused" else signs.get(tone_of(state), glyphs.idle)


def result_of(state: str, record: RunRecord, glyphs: Glyphs) -> Span:
    """Return what became of a run, sign and word."""
    words = "another was active" if record.exit_code == BUSY else STATES.get(state, state)
    return Span(f"{glyph_of(state, glyphs)} {words}", tone_of(state))


def row_of(record: RunRecord, live: LiveRun | None, now_ns: int, glyphs: Glyphs) -> Row:
    """Return a run as a row; one that lasts is its own progress bar."""
    known = live.record if live is not None else record
    state = state_of(live, record)
    share = live.share if live is not None and state in ("running", "paused") else None
    took = known.duration_ns if known.is_over else max(0, now_ns - known.began_ns)
    result = result_of(state, known, glyphs)
    if share is not None:
        result = Span(f"{result.text} {share:.0%}", result.tone)
    return Row(
        (
            Span(moment(known.began_ns)[:16]),
            Span(known.profile or "-", "strong"),
            Span(known.action),
            result,
            Span(duration(took) if took or known.is_over else "-"),
            Span(f"{known.files:,}" if known.files else "-"),
            Span(size(known.stored_size) if known.stored_size else "-"),
        ),
        share=share,
    )


def progress_words(live: LiveRun) -> str:
    """Return how far a run has come, on one line."""
    record = live.record
    parts = [
        f"{live.share:.0%}" if live.share is not None else "",
        count(record.files, "file"),
        size(record.size),
        f"{size(int(live.rate))}/s" if live.rate and record.state != "paused" else "",
        time_left(record.eta_s) if record.state != "paused" else "paused",
    ]
    return "  ".join(part for part in parts if part)


def panel(record: RunRecord, live: LiveRun | None, now_ns: int, width: int, glyphs: Glyphs) -> list[Line]:
    """Return what is to say of a run, line by line."""
    known = live.record if live is not None else record
    state = state_of(live, record)
    what = f"{known.action} of {known.profile}" if known.profile else known.action
    lines = [line(Span(what, "strong"), "  ", result_of(state, known, glyphs), Span(f"  {known.run[-4:]}", "dim"))]
    if live is not None and state in ("running", "paused"):
        lines += _progress(live, width, glyphs)
    else:
        lines.append(_when(known, now_ns))
    lines += _counts(known)
    return [*lines, *_troubles(msgspec.structs.replace(known, state=state), glyphs)]


def _troubles(run: RunRecord, glyphs: Glyphs) -> list[Line]:
    """Return what went wrong with a run."""
    lines = [line(Span(f"{glyphs.bad} {run.error}", "bad"))] if run.error else []
    if run.hint:
        lines.append(line(Span(f"  {run.hint}", "dim")))
    if run.state == "died":
        lines.append(line(Span("  It was killed, or the machine went down: nothing is lost, run it again.", "dim")))
    return [*lines, *(line(Span(f"{glyphs.warn} {text}", "warn")) for text in run.suspicions)]


def _when(run: RunRecord, now_ns: int) -> Line:
    ago = f"{age(now_ns - run.began_ns)} ago" if now_ns else ""
    return line(Span(f"{moment(run.began_ns)}  {ago}, took {duration(run.duration_ns)}, on {run.host}", "dim"))


def _progress(live: LiveRun, width: int, glyphs: Glyphs) -> list[Line]:
    record, cells = live.record, max(10, min(60, width - 12))
    phase = WORDS.get(Phase(live.phase), live.phase) if live.phase in {*Phase} else "starting"
    lines = []
    if live.share is not None:
        lines.append(line(Span(bar(live.share, cells, glyphs), "accent"), f" {live.share:4.0%}"))
    is_paused = record.state == "paused"
    rate = f"{size(int(live.rate))}/s" if live.rate and not is_paused else ""
    left = "" if is_paused else time_left(record.eta_s)
    doing = "paused" if is_paused else phase
    far = line(Span(doing, "accent"), *(f"  {part}" for part in (size(record.size), rate, left) if part))
    is_short = width >= _SHORT
    pace = sparkline(live.rates, 20 if is_short else min(60, cells), glyphs)
    drawn = line(Span(pace, "accent"), Span("  pace", "dim")) if pace else ()
    lines += [far + line("  ") + drawn] if is_short and drawn else [each for each in (far, drawn) if each]
    if live.in_hand:
        *before, newest = live.in_hand
        lines.append(_hand("in hand  ", far_words(newest), newest.path, width))
        lines += [_hand("         ", "", each.path, width) for each in reversed(before)]
    return lines


def _hand(head: str, far: str, path: str, width: int) -> Line:
    """Return a file in hand on one line: of a long path the end tells more."""
    room = max(1, width - len(head) - len(far))
    return line(Span(head, "dim"), Span(far, "accent"), Span(cut(path, room), "plain" if head.strip() else "dim"))


def far_words(hand: Hand) -> str:
    """Return how far a file in hand is; empty for one that is not worth counting."""
    if hand.size:
        return f"{hand.part:.0%} of {size(hand.size)}  "
    return f"{size(hand.done)}  " if hand.done else ""


def _counts(run: RunRecord) -> list[Line]:
    kinds: Sequence[tuple[int, str, Tone]] = (
        (run.new, "new", "plain"),
        (run.changed, "changed", "plain"),
        (run.unchanged, "unchanged", "dim"),
        (run.failed, "failed", "bad"),
    )
    said = [Span(f"{number:,} {word}", tone) for number, word, tone in kinds if number]
    spans = [piece for each in said for piece in (Span("  "), each)][1:]
    saved = deduplication(run)
    counted = line(count(run.files, "file"), ": " if spans else "", *spans) if run.files else ()
    return [counted + line("   " if counted and saved else "", saved)] if counted or saved else []


def deduplication(run: RunRecord) -> str:
    """Return in words how much had to be written of what was looked at; empty while nobody can tell."""
    if run.action != "snap" or not run.size:
        return ""
    if run.stored_size:
        return f"wrote {size(run.stored_size)} of {size(run.size)}"
    is_all_there = run.is_over and run.has_succeeded
    return f"wrote nothing: all of the {size(run.size)} was there already" if is_all_there else ""


def to_copy(run: RunRecord) -> str:
    """Return what is worth passing on of a run: why it failed and what to do, or else its id."""
    return "\n".join([*filter(None, (run.error, run.hint)), *run.suspicions]) or run.run


def searched(run: RunRecord) -> str:
    """Return what `/` looks into."""
    words = STATES.get(run.state, run.state)
    return f"{run.profile} {run.action} {run.state} {words} {run.run} {moment(run.began_ns)} {run.error}"


def report(record: RunRecord, glyphs: Glyphs) -> list[Line]:
    """Return all that is known of a run that is over, line by line."""
    state = record.state
    what = f"{record.action} of {record.profile}" if record.profile else record.action
    facts: Sequence[tuple[str, str]] = (
        ("run", record.run),
        ("began", moment(record.began_ns)),
        ("ended", moment(record.ended_ns) if record.ended_ns else ""),
        ("took", duration(record.duration_ns)),
        ("repository", record.repository),
        ("snapshot", record.snapshot[:8]),
        ("folders", f"{record.directories:,}" if record.directories else ""),
        ("on", f"{record.host}, process {record.pid}, {record.program}" if record.pid else record.host),
        ("exit code", str(record.exit_code) if record.exit_code else ""),
    )
    lines = [line(Span(what, "strong"), "  ", result_of(state, record, glyphs)), *_counts(record)]
    lines += [line(Span(f"{name:<12}", "dim"), value) for name, value in facts if value]
    lines += _troubles(record, glyphs)
    lines += _parts("Plugins", [f"{each.plugin:<20} {duration(each.time_ns)}" for each in record.plugins])
    lines += _parts("The store", [f"{each.store:<20} {calls_words(each)}" for each in record.store])
    return lines


def _parts(title: str, parts: Sequence[str]) -> list[Line]:
    return [line(""), line(Span(title, "accent")), *(line(f"  {part}") for part in parts)] if parts else []


def left_words(running: Sequence[LiveRun]) -> str:
    """Return what goes on when the program is left; empty when nothing does."""
    if not running:
        return ""
    names = [f"{each.record.action} of {each.record.profile}".removesuffix(" of ") for each in running]
    verb = "go" if len(names) > 1 else "goes"
    follow = running[0].record.run[-4:]
    return f"{', '.join(names)} {verb} on. To see how: yester, or yester log --follow {follow}"
