"""Archives: what they hold of a profile's repository, what was asked of them, and asking for more."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, ClassVar, TypeVar

import msgspec
from textual.binding import BindingType
from textual.widget import Widget

from yester.engine.errors import YesterError
from yester.tui.bindings import bindings
from yester.tui.client import all_of, printed
from yester.tui.dialogs.confirm import Confirm
from yester.tui.dialogs.form import Form
from yester.tui.dialogs.page import Page
from yester.tui.screens.place import Place
from yester.tui.serve.methods.archives import Archiving, HandOver, hand_over, purge
from yester.tui.serve.methods.words import as_typed
from yester.tui.state import archives
from yester.tui.state.archives import ArchivesState, Held, Pack, Policy, Request
from yester.tui.state.form import Form as FormState
from yester.tui.state.health import Known, at_work
from yester.tui.state.text import Line, Row, Span, line
from yester.tui.state.world import World
from yester.tui.widgets.panel import Panel
from yester.tui.widgets.rows import Rows

T = TypeVar("T")

FOLLOWED = ": 4 shows how far it is"


class Archives(Place, inherit_bindings=False):
    """What each archive holds, and the requests to them, newest first."""

    NAME = "archives"
    AT = "storage"
    HELP = "What lies in archives. Nothing goes from the repository before it was read back, and you said so."
    WATCHES = frozenset({"runs"})
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("archives", "place")]

    def __init__(self) -> None:
        super().__init__()
        self._state = ArchivesState()
        self._profile = ""

    def body(self) -> Iterable[Widget]:
        """The archives, the requests."""
        yield Panel(id="held", classes="headline")
        yield Rows(archives.COLUMNS, id="requests", empty="asking…")
        yield Panel(id="request")

    def shown(self, world: World) -> None:
        """Show what is known."""
        if self._profile != self.program.profile:
            self._profile, self._state = self.program.profile, ArchivesState()
            self.changed(self.WATCHES)
        state, found, facts = self._state, self._state.shown, world.profiles.get(self._profile)
        place = facts.repository if facts is not None else ""
        working = at_work(Known(place, live=world.running))
        self.query_one("#held", Panel).show(
            [*archives.headline(state, place, self._profile, world.now_ns, self.glyphs), *working]
        )
        empty = state.problem or ("asking…" if state.requests is None else "nothing was asked of an archive from here")
        self.query_one(Rows).show(len(found), self._row, empty=empty)
        self._show_request()

    def _show_request(self) -> None:
        request = self.request()
        self.query_one("#request", Panel).show(archives.panel(request, self.world.now_ns) if request else [])

    def on_rows_moved(self, event: Rows.Moved) -> None:
        """Tell of the request that is meant now."""
        self._show_request()

    def _row(self, at: int) -> Row:
        return archives.row_of(self._state.shown[at])

    def changed(self, what: frozenset[str]) -> None:
        """Ask anew: what a run has done shows here."""
        profile = self.program.profile

        async def work() -> None:
            found = await self._answer(tuple[Request, ...], "archives.requests", profile=profile)
            self._state = replace(self._state, requests=found, problem="")
            self.tell()
            held = await self._answer(tuple[Held, ...], "archives.status", profile=profile)
            self._state = replace(self._state, held=held)
            self.tell()
            await self._policies()
            self.tell()

        if profile:
            self.work_on(work, "archives")

    async def _policies(self) -> tuple[Policy, ...]:
        policies = await self._answer(tuple[Policy, ...], "archives.policies")
        self._state = replace(self._state, policies=policies)
        return policies

    async def _answer(self, kind: type[T], method: str, **asked: object) -> T:
        request = self.engine.ask(method, dict, **asked)
        await all_of(request)
        return printed(request, kind)

    def refused(self, problem: YesterError) -> None:
        """Say it where the requests would be, too."""
        super().refused(problem)
        if None in (self._state.held, self._state.requests) and self.is_mounted:
            self._state = replace(self._state, problem=problem.what)
            self.tell()

    def filtered(self, text: str) -> None:
        """Show only requests that hold a text."""
        self._state = replace(self._state, text=text)
        self.tell()

    def request(self) -> Request | None:
        """The request that is meant."""
        shown, at = self._state.shown, self.query_one(Rows).cursor
        return shown[at] if at < len(shown) else None

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        """Show its packs."""
        self.action_open()

    def action_open(self) -> None:
        """Show each pack of the request, with what its archive said."""
        request, profile = self.request(), self._profile

        async def work() -> None:
            assert request is not None
            packs = await self._answer(tuple[Pack, ...], "archives.jobs", profile=profile, request=request.id)
            self.app.push_screen(Page(f"{request.kind} {request.about}", [archives.pack_line(each) for each in packs]))

        if request is not None:
            self.work_on(work, "packs")

    def action_profile(self) -> None:
        """Show those of the next profile's repository."""
        self.program.turn_to_next()
        self.tell()

    # What is asked of archives

    def action_put(self) -> None:
        """Ask which snapshots go where, show the plan, and hand them over once a person says so."""
        if self._profile:
            self.work_on(self._put, "put")

    async def _put(self) -> None:
        policies = self._state.policies or await self._policies()
        if not policies:
            self.program.say("There is no archive here", "Archives are plugins: 6 shows them.")
            return

        def asked(form: FormState) -> HandOver:
            return msgspec.convert({"names": [self._profile], **archives.asked_of(form, policies)}, HandOver)

        form = await self._filled(
            archives.put_form(policies),
            "Hand old snapshots over to an archive",
            lambda filled: as_typed(hand_over()(asked(filled))),
        )
        if form is None:
            return
        about = {"profile": self._profile, "names": [self._profile], **archives.asked_of(form, policies)}
        answer = await self._answer(dict[str, Any], "archives.foresee", **about)
        if not self._has_work(answer, purges="purge" in about):
            return
        plan = archives.plan_of(answer)
        if await self._agreed([*plan, _command(as_typed(hand_over()(asked(form))))], "Hand them over"):
            self.change("archives.put", f"They are handed over{FOLLOWED}", **about)

    def action_purge(self) -> None:
        """Ask of which snapshots online copies go, show the plan, and delete them once a person says so."""
        if self._profile:
            self.work_on(self._purge, "purge")

    async def _purge(self) -> None:
        def asked(form: FormState) -> Archiving:
            return msgspec.convert({"names": [self._profile], **archives.asked_of(form, ())}, Archiving)

        form = await self._filled(
            archives.purge_form(),
            "Delete online copies of what an archive holds",
            lambda filled: as_typed(purge()(asked(filled))),
        )
        if form is None:
            return
        about = {"profile": self._profile, "names": [self._profile], **archives.asked_of(form, ())}
        answer = await self._answer(dict[str, Any], "archives.foresee_purge", **about)
        if not self._has_work(answer, purges=True):
            return
        plan = archives.plan_of(answer)
        if await self._agreed([*plan, _command(as_typed(purge()(asked(form))))], "Delete them"):
            self.change("archives.purge", f"Each is read back, and then deleted{FOLLOWED}", **about)

    def _has_work(self, answer: dict[str, Any], *, purges: bool) -> bool:
        """Whether a plan does anything; else its words are said."""
        has_work = archives.has_work(answer, purges=purges)
        if not has_work:
            first, *more = [words.strip() for words in archives.words_of(answer)] or ["nobody says why"]
            self.program.say(f"There is nothing to do: {'; '.join(more or [first])}", seconds=8)
        return has_work

    async def _filled(self, form: FormState, title: str, command: Any) -> FormState | None:
        asked = Form(form, [line(Span(title, "strong"))], "Plan it", command, may_be_unchanged=True)
        return await self.app.push_screen_wait(asked)

    async def _agreed(self, lines: list[Line], yes: str) -> bool:
        is_yes = await self.app.push_screen_wait(Confirm(lines, yes))
        return bool(is_yes)

    def action_go_on(self) -> None:
        """Go on with what is queued."""
        if self._profile:
            self.change("archives.go_on", f"What is due goes on{FOLLOWED}", profile=self._profile)

    def action_retry(self) -> None:
        """Ask again for what failed of the request."""
        request = self.request()
        if request is not None:
            said = f"It is asked again{FOLLOWED}"
            self.change("archives.retry", said, profile=self._profile, request=request.id)

    def action_cancel(self) -> None:
        """Take back what no archive was asked for yet."""
        request = self.request()
        if request is None or not request.open:
            self.program.say("Nothing of it waits to be asked for")
            return
        lines = [
            line(Span(f"Take back {request.kind} {request.about}?", "strong")),
            line("What an archive was asked for already goes on."),
            _command(f"yester archive cancel {request.id}"),
        ]

        async def take_back() -> None:
            await all_of(self.engine.ask("archives.cancel", dict, profile=self._profile, request=request.id))
            self.program.say("It was taken back")
            self.changed(self.WATCHES)

        def answered(is_yes: bool | None) -> None:
            if is_yes:
                self.work_on(take_back, "change archives.cancel")

        self.app.push_screen(Confirm(lines, "Take it back"), answered)


def _command(words: str) -> Line:
    return line(Span(f"$ {words}", "dim"))
