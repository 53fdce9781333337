"""Home: what happened last night, profile by profile, and the key that mends what is wrong; pure."""

from yester.engine.runs.status import ProfileStatus
from yester.engine.schedule.started import WORDS
from yester.tui.cli.wording import age, count, moment, size
from yester.tui.state.needing import Names, first_step, needed
from yester.tui.state.running import glyph_of, progress_words, result_of, state_of, tone_of
from yester.tui.state.text import Column, Glyphs, Line, Row, Span, Tone, labelled, line, sparkline
from yester.tui.state.world import World

COLUMNS = (
    Column("PROFILE", 14),
    Column("STATE", 12),
    Column("LAST GOOD", 11),
    Column("NEXT RUN", 11, from_width=66),
    Column("NEW", 10, is_right=True, from_width=86),
    Column("HELD", 5, is_right=True, from_width=96),
    Column(""),
)

_STATES: dict[str, tuple[str, Tone]] = {
    "ok": ("ok", "good"),
    "late": ("late", "warn"),
    "failed": ("failed", "bad"),
    "never": ("never ran", "warn"),
    "running": ("running", "accent"),
}
_LABEL = "size       "
_YEAR = len("2026-")
STRIP = 30
"""Runs that are shown as a strip."""


def rows(world: World, glyphs: Glyphs) -> list[Row]:
    """Return a row for each profile; that of a running one is its progress bar."""
    return [_row(world, status, glyphs) for status in world.statuses or ()]


def _row(world: World, status: ProfileStatus, glyphs: Glyphs) -> Row:
    live = world.live.get(status.running)
    good = status.last_good_ns
    ago = Span(f"{age(world.now_ns - good)} ago" if good is not None else "-")
    new = _new(world, status.profile)
    held = held_of(world, status.profile)
    held_span = Span(f"{held:,}" if held is not None else "-", "dim")
    upcoming = Span(_upcoming(status)[_YEAR:] or "-", "dim")
    if live is not None and not live.record.is_over:
        state = state_of(live, live.record)
        words = Span(f"{glyph_of(state, glyphs)} {state}", tone_of(state))
        return Row(
            (Span(status.profile, "strong"), words, ago, upcoming, new, held_span, Span(progress_words(live))),
            share=live.share,
        )
    word, tone = _word(status)
    sign = {"good": glyphs.good, "warn": glyphs.warn, "bad": glyphs.bad}.get(tone, glyphs.idle)
    trouble = _trouble(status)
    name, how = Span(status.profile, "strong"), Span(f"{sign} {word}", tone)
    last = Span(trouble, tone) if trouble else Span(_way(world, status.profile), "dim")
    return Row((name, how, ago, upcoming, new, held_span, last))


def _way(world: World, profile: str) -> str:
    """Return what a profile takes and where it goes; empty when nobody knows."""
    facts = world.profiles.get(profile)
    sources = ", ".join(facts.sources) or "a command" if facts is not None else ""
    return f"{sources} to {facts.repository}" if facts is not None else ""


def held_of(world: World, profile: str) -> int | None:
    """Return how many snapshots of a profile there were after the last run that looked."""
    counts = (run.snapshots for run in world.runs or () if run.profile == profile and run.snapshots is not None)
    return next(counts, None)


def _upcoming(status: ProfileStatus) -> str:
    """Return when the next run starts; empty when nobody knows, or nothing starts it."""
    return moment(status.next_ns)[:16] if status.next_ns is not None and status.is_started else ""


def _new(world: World, profile: str) -> Span:
    """Return what the last good run stored."""
    good = (run for run in world.runs or () if run.profile == profile and run.action == "snap" and run.has_succeeded)
    last = next(good, None)
    return Span(size(last.stored_size) if last is not None else "-", "dim")


def _word(status: ProfileStatus) -> tuple[str, Tone]:
    word, tone = _STATES[status.health]
    if status.health == "ok" and status.suspicions:
        return "suspicious", "warn"
    if status.health == "ok" and (status.troubles or status.text or status.started in WORDS):
        return "look here" if status.troubles or not status.text else "ok, gaps", "warn"
    return word, tone


def _trouble(status: ProfileStatus) -> str:
    """Return what is wrong with a profile in a line."""
    if status.suspicions:
        return status.suspicions[0]
    if status.health == "ok" and status.troubles:
        worst = status.troubles[0]
        return f"{worst.action}: {worst.text}"
    times = f" ({status.failures} times)" if status.failures > 1 else ""
    return f"{status.text}{times}" if status.text else WORDS.get(status.started, "")


def headline(world: World, glyphs: Glyphs, keys: Names, meant: str = "") -> Line:
    """Return the answer to "what happened last night?"; the panel has what to do about the profile that is `meant`."""
    if world.problem:
        return line(Span(f"{glyphs.bad} {world.problem}", "bad"), "; Ctrl+r starts another engine")
    if world.statuses is None:
        return line(Span("asking how the profiles stand…", "dim"))
    if not world.statuses:
        words = "No profile is here: nothing is backed up any more" if lost(world) else "Nothing is backed up yet"
        return line(Span(words, "strong"))
    wrong = [status for status in world.statuses if not status.is_fine]
    if not wrong:
        good = [status.last_good_ns for status in world.statuses if status.last_good_ns is not None]
        ago = f"; the last snapshot was taken {age(world.now_ns - max(good))} ago" if good else ""
        all_of_them = f"All {len(world.statuses)} profiles are" if len(world.statuses) > 1 else "Everything is"
        return line(Span(f"{glyphs.good} {all_of_them} in order", "good"), ago)
    names = ", ".join(status.profile for status in wrong[:3]) + ("…" if len(wrong) > 3 else "")
    tone: Tone = "bad" if any(status.health == "failed" for status in wrong) else "warn"
    sign = glyphs.bad if tone == "bad" else glyphs.warn
    verb = "needs" if len(wrong) == 1 else "need"
    rest = len(world.statuses) - len(wrong)
    fine = f"; {count(rest, 'other profile')} in order" if rest else ""
    is_elsewhere = len(wrong) == 1 and wrong[0].profile != meant
    there = f": on its row {first_step(world, wrong[0], keys)}" if is_elsewhere else ""
    return line(Span(f"{sign} {names} {verb} you", tone), there, fine)


def panel(world: World, status: ProfileStatus, width: int, glyphs: Glyphs, keys: Names) -> list[Line]:
    """Return what is to say of a profile in so many cells; 0: nobody knows how many."""
    facts = world.profiles.get(status.profile)
    lines = [line(Span(status.profile, "strong"), "  ", _last_words(world, status, glyphs))]
    lines += needed(world, status, width, glyphs, keys)
    strip = _strip(world, status.profile, glyphs)
    if strip:
        lines.append(line(Span("last runs  ", "dim"), *strip))
    lines += _growth(world, status.profile, width, glyphs)
    if facts is not None:
        lines += labelled("takes      ", ", ".join(facts.sources) or "what a command writes", width)
        lines += labelled("to         ", facts.repository, width)
        lines += labelled("when       ", _when(status, facts.when), width)
        held = held_of(world, status.profile)
        if held is not None:
            lines += labelled("holds      ", count(held, "snapshot"), width)
        lines += labelled("keeps      ", facts.keeps, width)
    return lines


def _last_words(world: World, status: ProfileStatus, glyphs: Glyphs) -> Span:
    live = world.live.get(status.running)
    if live is not None and not live.record.is_over:
        return Span(progress_words(live), "accent")
    last = next((run for run in world.runs or () if run.run == status.last_run), None)
    if last is None:
        return Span("")
    result, found = result_of(last.state, last, glyphs), f", {size(last.size)}" if last.has_succeeded else ""
    return Span(f"{result.text} {age(world.now_ns - last.began_ns)} ago{found}", result.tone)


def _strip(world: World, profile: str, glyphs: Glyphs) -> list[Span]:
    """Return the last runs of a profile as signs, oldest first."""
    own = [run for run in world.runs or () if run.profile == profile and run.action == "snap"][:STRIP]
    return [Span(glyph_of(run.state, glyphs), tone_of(run.state)) for run in reversed(own)]


def _when(status: ProfileStatus, when: str) -> str:
    if not status.is_started:
        return f"{when}; but nothing starts it"
    if status.started == "unknown" and _upcoming(status):
        return f"{when}; next {_upcoming(status)}, if anything starts it: that is not known here"
    return f"{when}; next {_upcoming(status)}" if _upcoming(status) else when


def _growth(world: World, profile: str, width: int, glyphs: Glyphs) -> list[Line]:
    """Return how much the last good runs found, and how much of it was new."""
    good = [run for run in world.runs or () if run.profile == profile and run.action == "snap" and run.has_succeeded]
    if not good:
        return []
    shown = good[:STRIP][::-1]
    grown = shown[-1].size - shown[0].size
    since = f", {'+' if grown >= 0 else '-'}{size(abs(grown))} in {len(shown)} runs" if len(shown) > 1 else ""
    chart = sparkline([float(run.size) for run in shown], STRIP, glyphs)
    words = f"{size(shown[-1].size)}{since}; {size(shown[-1].stored_size)} stored last"
    beside = len(_LABEL) + len(chart) + 2 + len(words)
    if width and beside > width:
        return [line(Span(_LABEL, "dim"), Span(chart, "accent")), *labelled(" " * len(_LABEL), words, width)]
    return [line(Span(_LABEL, "dim"), Span(chart, "accent"), f"  {words}")]


def place_of(world: World, profile: str) -> str:
    """Return where the last run of a profile went; empty when none is known."""
    return next((run.repository for run in world.runs or () if run.profile == profile and run.repository), "")


def lost(world: World) -> tuple[str, ...]:
    """Return the profiles that took snapshots here while there is none any more; the newest first."""
    if world.statuses != ():
        return ()
    known = (run.profile for run in world.runs or () if run.action == "snap" and run.has_succeeded and run.profile)
    return tuple(dict.fromkeys(known))


def welcome(world: World, width: int, keys: Names) -> list[Line]:
    """Return what is said while there is no profile: to somebody new, or to somebody whose profiles are gone."""
    gone = lost(world)
    if not gone:
        return list(_WELCOME)
    lines = [line(Span("No profile is here any more", "strong")), line("")]
    for name in gone[:_NAMED]:
        lines += labelled(f"{name}  ", f"had its snapshots in {place_of(world, name)}", width)
    return [
        *lines,
        line(""),
        line("Each snapshot has a copy of its profile."),
        line(Span(f"  {keys['recover']:<12}", "accent"), f"brings {gone[0]} back from its last snapshot"),
        line(Span(f"  {keys['new'] + ' or ' + keys['open']:<12}", "accent"), "makes a new one"),
    ]


_NAMED = 5
_WELCOME = (
    line(Span("Welcome to yester", "strong")),
    line(""),
    line("It takes snapshots of your folders and shows all of them as folders:"),
    line("every yesterday of your files is there, and each is stored once."),
    line(""),
    line(Span("  + or Enter", "accent"), "  makes a profile: what to take, where to, when; two minutes"),
    line(Span("  ?", "accent"), "           shows the keys,  ", Span(":", "accent"), " finds any command by name"),
    line(""),
    line(Span("In a shell the same is: yester init, yester profile add home ~, yester snap home.", "dim")),
    line(Span("You have a repository already? + finds it; or: yester profile recover --repo REPO", "dim")),
)
"""What Home says while there is no profile."""
