"""The wizard as a whole: on which page it is, what the engine told of the choices, and how each thing changes it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from yester.engine.events import Shown
from yester.tui.cli.wording import size
from yester.tui.state.text import Glyphs, Line, Span, line
from yester.tui.state.wizard.draft import PAGES, USUAL, Draft, Looked, Page, name_for, needs_passphrase, problem_on
from yester.tui.state.wizard.steps import Step
from yester.tui.state.wizard.sums import Sums

NAMES = tuple(name for name, _ in PAGES)


class Drive(Shown, frozen=True):
    """A drive that is mounted."""

    free_size: int = 0


class Suggested(msgspec.Struct, frozen=True):
    """What a newcomer may want, as `sources.suggest` tells of it."""

    home: Shown = Shown("")
    folders: tuple[Shown, ...] = ()
    drives: tuple[Drive, ...] = ()
    repository: str = ""
    passphrase_folder: str = ""
    has_keyring: bool = False


class Backend(msgspec.Struct, frozen=True):
    """A way to a repository, as `backends.list` tells of it."""

    name: str
    about: str = ""
    example: str = ""
    needs: str = ""
    extra: str = ""
    is_installed: bool = True
    is_enabled: bool = True

    @property
    def beginning(self) -> str:
        """How its URLs begin."""
        return self.name if self.name.endswith("+") else f"{self.name}://"


@dataclass(frozen=True, slots=True)
class Wizard:
    """What is known by now."""

    names: tuple[str, ...] = ()
    """Profiles that there are."""
    draft: Draft = Draft(retention=USUAL)
    begun: Draft = Draft(retention=USUAL)
    """The draft before anybody touched it."""
    page: Page = "sources"
    is_named: bool = False
    """Whether the person gave the name; else it goes with the sources."""
    suggested: Suggested | None = None
    backends: tuple[Backend, ...] = ()
    sums: Sums | None = None
    sums_problem: str = ""
    looked: Looked | None = None
    is_looking: bool = False
    opened: str = ""
    """The place whose repository a passphrase opened."""
    problem: str = ""
    """Why the page cannot be left; empty once something else is typed."""
    text: str = ""
    """The file of the profile that would be written."""
    text_problem: str = ""
    steps: tuple[Step, ...] = ()
    is_working: bool = False
    run: str = ""
    """The first run."""

    @property
    def at(self) -> int:
        """The number of the page, from 0."""
        return NAMES.index(self.page)

    @property
    def is_touched(self) -> bool:
        """Whether something would be lost."""
        return self.draft != self.begun or any(step.state == "done" for step in self.steps)

    @property
    def is_done(self) -> bool:
        """Whether all is made, as far as it can be."""
        return bool(self.steps) and all(step.is_over for step in self.steps)

    @property
    def is_fixed(self) -> bool:
        """Whether pages can be turned no more: the profile is there, and is edited from now on."""
        return self.is_working or any(step.method == "profiles.add" and step.state == "done" for step in self.steps)

    @property
    def found(self) -> Looked | None:
        """What was found at the place that is chosen now; None when nobody looked there."""
        return self.looked if self.looked is not None and self.looked.place == self.draft.place else None


def suggested(state: Wizard, told: Suggested) -> Wizard:
    """Return the state with what there is to choose from; what nobody has said yet is chosen from it."""
    place = f"{told.drives[0].path}/yester" if told.drives else told.repository
    home = told.home.raw

    def filled(draft: Draft) -> Draft:
        sources = draft.sources or (home,)
        name = draft.name or name_for(sources, home, state.names)
        return replace(draft, sources=sources, name=name, place=draft.place or place)

    return replace(state, suggested=told, draft=filled(state.draft), begun=filled(state.begun))


def typed(state: Wizard, draft: Draft) -> Wizard:
    """Return the state after something was typed or chosen."""
    if draft == state.draft:
        return state
    is_named = state.is_named
    if draft.name != state.draft.name:
        is_named = bool(draft.name)
    elif draft.sources != state.draft.sources and not is_named:
        home = state.suggested.home.raw if state.suggested is not None else b""
        draft = replace(draft, name=name_for(draft.sources, home, state.names))
    return replace(state, draft=draft, is_named=is_named, problem="")


def turned(state: Wizard, page: Page) -> Wizard:
    """Return the state on another page; forwards only as far as the pages before are in order."""
    wanted = NAMES.index(page)
    for name in NAMES[:wanted]:
        problem = problem_on(name, state.draft, state.found, state.names)
        problem = problem or ("" if name != "target" or state.found is not None else "Nobody has looked there yet")
        if problem:
            return replace(state, page=name, problem=problem)
    return replace(state, page=page, problem="")


def ahead(state: Wizard) -> Wizard:
    """Return the state on the next page, or with the reason why not."""
    problem = problem_on(state.page, state.draft, state.found, state.names)
    if problem:
        return replace(state, problem=problem)
    following = NAMES[min(state.at + 1, len(NAMES) - 1)]
    return replace(state, page=following, problem="")


def back(state: Wizard) -> Wizard:
    """Return the state on the page before."""
    return replace(state, page=NAMES[max(0, state.at - 1)], problem="")


def made(state: Wizard) -> Wizard:
    """Return the state once the repository is there: its passphrase is no matter of choice any more."""
    draft, where = state.draft, state.found.where if state.found is not None else state.draft.place
    looked = Looked(draft.place, where, is_repository=True, is_encrypted=draft.is_encrypted)
    return replace(state, looked=looked, opened=f"{where}\n{draft.passphrase}")


def has_to_look(state: Wizard) -> bool:
    """Whether the place is to be looked at before the page can be left."""
    return state.page == "target" and bool(state.draft.place) and (state.found is None or bool(state.found.problem))


def has_to_open(state: Wizard) -> bool:
    """Whether a passphrase is to be tried on a repository that is there."""
    found = state.found
    return (
        state.page == "passphrase"
        and found is not None
        and found.is_repository
        and found.is_encrypted
        and bool(state.draft.passphrase)
        and state.opened != f"{found.where}\n{state.draft.passphrase}"
    )


# In words


def bar_lines(state: Wizard) -> Line:
    """Return where one is; the page in brackets is shown."""
    spans: list[Span] = [Span("New profile  ", "strong")]
    for at, (_, title) in enumerate(PAGES):
        words = f"[{at + 1} {title}]" if at == state.at else f" {at + 1} {title} "
        spans.append(Span(words, "strong" if at == state.at else "plain" if at < state.at else "dim"))
    return tuple(spans)


def offers(state: Wizard, folders: Sequence[str]) -> list[tuple[str, str]]:
    """Return places that can be chosen, each with what it is: as far as they begin as it was typed."""
    place, told = state.draft.place, state.suggested
    found = [(f"{each.path}/yester", f"a drive, {size(each.free_size)} free") for each in told.drives] if told else []
    if told is not None:
        found.append((told.repository, "on this machine's own disk"))
    ways = [(each.example, _about(each)) for each in state.backends if each.is_enabled]
    beginnings = {each.example: each.beginning for each in state.backends}
    is_path = place.startswith(("/", "~"))
    known = {each for each, _ in found}
    if is_path and place not in known:
        return [(each, "a folder") for each in folders] or found
    if place and not is_path:
        near = [way for way in ways if beginnings[way[0]].startswith(place) or place.startswith(beginnings[way[0]])]
        return near or [*found, *ways]
    return [*found, *ways]


def _about(backend: Backend) -> str:
    return backend.about if backend.is_installed else f"{backend.about} (not installed)"


def looked_lines(state: Wizard, glyphs: Glyphs) -> list[Line]:
    """Return what is known of the place."""
    found = state.found
    if state.is_looking:
        return [line(Span(f"{glyphs.running} looking there…", "accent"))]
    if found is None:
        return [line(Span("Enter looks whether it is reached, and what lies there", "dim"))]
    if found.problem:
        return [line(Span(f"{glyphs.bad} {found.problem}", "bad")), *([line(found.hint)] if found.hint else [])]
    free = f"; {size(found.free_size)} free" if found.free_size is not None else ""
    free += f"; it is {found.where}" if found.where not in ("", found.place) else ""
    if not found.is_repository:
        reached = line(Span(f"{glyphs.good} reached, and it gives back what it is given", "good"), free)
        bare = "No drive is mounted there: it would lie on this machine's own disk"
        return [reached, *[line(Span(f"{glyphs.warn} {bare}", "warn"))] * found.lacks_drive]
    asks = "asks for its passphrase" if found.is_encrypted else "is not encrypted"
    return [
        line(Span(f"{glyphs.good} a repository lies there already", "good"), f"; it {asks}{free}"),
        line("The new profile shares it: what it has already is not stored again."),
    ]


def is_locked(state: Wizard) -> bool:
    """Whether a passphrase belongs to what was chosen."""
    return needs_passphrase(state.draft, state.found)
