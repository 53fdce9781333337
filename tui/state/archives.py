"""Archives: what they hold of a repository, and what was asked of them; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from yester.engine.archive import port
from yester.engine.archive.port import Constraints
from yester.tui.cli.archive_words import costs_words, when_words
from yester.tui.cli.wording import age, count, moment, size
from yester.tui.state.form import Field, Form
from yester.tui.state.storage import place_of
from yester.tui.state.text import Column, Glyphs, Line, Row, Span, Tone, line

COLUMNS = (
    Column("ASKED", 19, from_width=90),
    Column("WHAT", 14),
    Column("PACKS", 6, is_right=True),
    Column("SIZE", 9, is_right=True, from_width=70),
    Column("ARCHIVE", 14, from_width=100),
    Column("STATE", 20),
    Column("ABOUT"),
)
_SHOWN = 21
_TONES: Mapping[str, Tone] = {"failed": "bad", "queued": "warn", "running": "accent", "restoring": "accent"}


class Held(msgspec.Struct, frozen=True):
    """What one archive holds, as `yester archive status --json` tells of it."""

    archive: str
    name: str = ""
    is_there: bool = True
    ready: bool | None = None
    ready_asked_ns: int | None = None
    words: str = ""
    """Why it is not ready, as far as it says so."""
    gathering: tuple[str, ...] = ()
    """What its bulk policies gather, and until when."""
    packs: int = 0
    size: int = 0
    verified_packs: int = 0
    offline_packs: int = 0
    offline_size: int = 0
    volumes: tuple[str, ...] = ()
    queued: int = 0


class Policy(msgspec.Struct, frozen=True):
    """A storage policy, as `yester archive policies --json` tells of it."""

    archive: str
    policy: str
    archive_name: str = ""
    name: str = ""
    bulk: bool = False
    constraints: Constraints = Constraints()
    costs: Mapping[str, float] = {}

    @property
    def about(self) -> str:
        """What it is called, when it hands over what it is given, and what bringing that back takes."""
        known = port.Policy(self.policy, self.name or self.policy, self.bulk, self.constraints, self.costs)
        return "; ".join(filter(None, (f"{known.name} ({when_words(known)})", costs_words(known.costs))))

    @property
    def label(self) -> str:
        """What a person chooses it by."""
        return f"{self.archive_name or self.archive}: {self.name or self.policy}"


class Request(msgspec.Struct, frozen=True):
    """What was asked of archives, as `yester archive jobs --json` tells of it."""

    id: str
    kind: str = ""
    purge: bool = False
    asked_ns: int = 0
    about: str = ""
    open: int = 0
    states: Mapping[str, int] = {}
    size: int = 0
    archives: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


class Pack(msgspec.Struct, frozen=True):
    """What became of one pack, as `yester archive jobs ID --json` tells of it."""

    pack: str
    size: int = 0
    state: str = ""
    words: str = ""
    archive_name: str = ""


@dataclass(frozen=True, slots=True)
class ArchivesState:
    """What the page shows."""

    held: tuple[Held, ...] | None = None
    """None: not told yet."""
    requests: tuple[Request, ...] | None = None
    """None: not told yet."""
    policies: tuple[Policy, ...] | None = None
    """None: not told yet."""
    text: str = ""
    problem: str = ""

    @property
    def shown(self) -> list[Request]:
        """The requests that the filter lets through."""
        wanted = self.text.casefold()
        return [each for each in self.requests or () if wanted in " ".join(_words(each)).casefold()]


def row_of(request: Request) -> Row:
    """Return a request as a row."""
    failed = request.states.get("failed", 0)
    tone: Tone = "bad" if failed else "accent" if request.open else "good"
    asked, what, packs, stored, archives, states, about = _words(request)
    return Row(
        (
            Span(asked, "dim"),
            Span(what),
            Span(packs),
            Span(stored),
            Span(archives),
            Span(states, tone),
            Span(about),
        )
    )


def _words(request: Request) -> tuple[str, ...]:
    what = "archive, purge" if request.kind == "archive" and request.purge else request.kind
    states = ", ".join(f"{number:,} {state}" for state, number in request.states.items())
    packs = f"{sum(request.states.values()):,}"
    names = ", ".join(request.archives)
    return (moment(request.asked_ns), what, packs, size(request.size), names, states, request.about)


def headline(state: ArchivesState, repository: str, profile: str, now_ns: int, glyphs: Glyphs) -> list[Line]:
    """Return what each archive holds, and whether it is ready."""
    place = place_of(repository, profile)
    if state.held is None:
        return [place, line(Span(state.problem or "asking the archives…", "bad" if state.problem else "dim"))]
    if not state.held:
        return [
            place,
            line("No archive is set up here, and none holds anything of it: 6 has plugins that are archives."),
        ]
    return [place, *(each for held in state.held for each in _of(held, state.policies or (), now_ns, glyphs))]


def _of(held: Held, policies: Sequence[Policy], now_ns: int, glyphs: Glyphs) -> list[Line]:
    holds = f"  {count(held.packs, 'pack')}, {size(held.size)}" if held.packs else "  holds nothing of it"
    offline = f", {size(held.offline_size)} of it offline" if held.offline_packs else ""
    verified = f", {held.verified_packs:,} verified" if held.verified_packs else ""
    queued = f", {held.queued:,} queued" if held.queued else ""
    volumes = f"  on {', '.join(held.volumes)}" if held.volumes else ""
    name, own = Span(held.name or held.archive, "strong"), [each for each in policies if each.archive == held.archive]
    facts = line(name, "  ", _ready(held, now_ns, glyphs), holds + offline + verified + queued, Span(volumes, "dim"))
    more = ["; ".join(each.about for each in own)] if own else []
    return [facts, *(line(Span(f"  {words}", "dim")) for words in (*more, *held.gathering))]


def _ready(held: Held, now_ns: int, glyphs: Glyphs) -> Span:
    if not held.is_there:
        return Span(f"{glyphs.bad} no plugin here", "bad")
    asked = f", asked {age(now_ns - held.ready_asked_ns)} ago" if held.ready_asked_ns else ""
    match held.ready:
        case None:
            return Span("never asked", "dim")
        case True:
            return Span(f"{glyphs.good} ready{asked}", "good")
        case False:
            return Span(f"{glyphs.bad} not ready{asked}{f': {held.words}' if held.words else ''}", "bad")


def panel(request: Request, now_ns: int) -> list[Line]:
    """Return what is to say of a request: what was asked when, how far it is, and what was said of it."""
    asked, what, _, stored, archives, states, about = _words(request)
    packs = count(sum(request.states.values()), "pack")
    ago = f"asked {age(now_ns - request.asked_ns)} ago" if now_ns else f"asked {asked}"
    return [
        line(Span(f"{what} {about}", "strong")),
        line(Span(f"{ago}, {packs} of {stored}, of {archives or 'no archive'}  {request.id}", "dim")),
        line(states),
        *(line(Span(words, "warn")) for words in request.words),
    ]


def pack_line(pack: Pack) -> Line:
    """Return what became of a pack, with what its archive said."""
    state = Span(f"  {pack.state:<10}", _TONES.get(pack.state, "good"))
    return line(f"{pack.pack[:_SHOWN]}  {size(pack.size):>9}", state, f"  {pack.words}")


def words_of(answer: Mapping[str, object]) -> list[str]:
    """Return the words of a plan."""
    words = answer.get("words")
    return [str(each) for each in words] if isinstance(words, list) else []


def plan_of(answer: Mapping[str, object]) -> list[Line]:
    """Return the words of a plan, line by line."""
    return [line(each) for each in words_of(answer)]


def has_work(answer: Mapping[str, object], *, purges: bool) -> bool:
    """Whether a plan is to do anything: as `yester archive put` or `purge --plan --json` tells of it."""
    forecast = answer.get("purge")
    goes = forecast if isinstance(forecast, dict) else answer
    return bool(answer.get("hand_over")) or (purges and bool(goes.get("purge") or goes.get("repack")))


def put_form(policies: Sequence[Policy]) -> Form:
    """Return what a person is asked before snapshots are handed over."""
    labels = tuple(policy.label for policy in policies)
    return Form(
        (
            Field("older_than", about="Only snapshots that are older than this.", takes="such as 1y", before="1y"),
            Field("tag", about="Only snapshots with this tag; empty: all."),
            Field("policy", "choice", about="Where they go.", before=labels[0], choices=labels),
            Field("purge", "flag", about="Their online copies go then, each after it was read back.", before="false"),
        )
    )


def purge_form() -> Form:
    """Return what a person is asked before online copies go."""
    return Form(
        (
            Field("older_than", about="Only of snapshots that are older than this.", takes="such as 1y", before="1y"),
            Field("tag", about="Only of snapshots with this tag; empty: all."),
        )
    )


def asked_of(form: Form, policies: Sequence[Policy]) -> dict[str, object]:
    """Return the parameters that a filled-in form means."""
    texts = {field.name: form.text_of(field) for field in form.fields}
    asked: dict[str, object] = {name: texts[name] for name in ("older_than", "tag") if texts[name]}
    chosen = next((policy for policy in policies if policy.label == texts.get("policy")), None)
    if chosen is not None:
        asked |= {"archive": chosen.archive, "policy": chosen.policy}
    if texts.get("purge") == "true":
        asked["purge"] = True
    return asked
