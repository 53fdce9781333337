"""What plugins offer: found out by loading them, and started once a person says so."""

from functools import partial

from textual.worker import Worker

from yester.engine.errors import YesterError
from yester.tui.client import all_of
from yester.tui.dialogs.confirm import Confirm
from yester.tui.dialogs.form import Form
from yester.tui.dialogs.page import Page
from yester.tui.feed import Work
from yester.tui.screens.place import Place
from yester.tui.serve.methods.plugins import PluginOffer, run_offer
from yester.tui.serve.methods.words import as_typed
from yester.tui.state import form
from yester.tui.state.plugins import Facts, Offer
from yester.tui.state.text import Line, Span, line


class Offering(Place):
    """A place in which what a plugin offers may be started."""

    def offered(self, plugin: str, name: str, profile: str) -> None:
        """Start what a message says can be done, once the person says so."""

        async def work() -> None:
            known = await self.facts(plugin, profile)
            found = next((each for each in known.offers if each.name == name), None)
            if found is None:
                raise YesterError(f"{plugin} offers no {name} any more")
            await self.start(plugin, found, profile)

        self.begin(work)

    def begin(self, work: Work) -> None:
        """Do something that goes on when this place is left: what an action has begun is not broken off."""
        _: Worker[None] = self.program.run_worker(partial(self.guarded, work), group="offer", exit_on_error=False)

    async def facts(self, plugin: str, profile: str) -> Facts:
        """Return what a plugin tells of itself, once it is loaded. Refused."""
        [known] = await all_of(self.engine.ask("plugins.show", Facts, plugin=plugin, **_in(profile)))
        return known

    async def start(self, plugin: str, offer: Offer, profile: str) -> bool:
        """Ask how an action is to be started, start it, and show what it says; return whether it was. Refused."""
        values = await self._wish(plugin, offer, profile)
        if values is None:
            return False
        self.program.say(f"{plugin} is at work: {offer.label or offer.name}")
        answer = await self.ran(plugin, offer.name, values, profile)
        lines = [line(text) for text in str(answer.get("text") or "").splitlines()]
        if len(lines) > 1:
            self.app.push_screen(Page(f"{plugin}: {offer.label or offer.name}", lines))
        else:
            self.program.say(f"{plugin}: {answer.get('text') or 'done'}")
        return True

    async def ran(self, plugin: str, offer: str, values: tuple[str, ...], profile: str) -> dict[str, object]:
        """Start what a plugin offers and return what it answers. Refused."""
        more = {"values": values} if values else {}
        request = self.engine.ask("plugins.run", dict, plugin=plugin, offer=offer, **more, **_in(profile))
        await all_of(request)
        answer: dict[str, object] = (request.done or {}).get("answer") or {}
        return answer

    async def _wish(self, plugin: str, offer: Offer, profile: str) -> tuple[str, ...] | None:
        """Return the options that a person wants an action to have; None when it is not to be started."""
        title = question(plugin, offer)

        def command(values: tuple[str, ...]) -> str:
            return as_typed(run_offer(PluginOffer(plugin=plugin, offer=offer.name, values=values, profile=profile)))

        if not offer.options:
            is_yes = await self.app.push_screen_wait(
                Confirm([*title, line(Span(f"$ {command(())}", "dim"))], "Start it")
            )
            return () if is_yes else None
        asked = Form(
            form.of_texts(offer.options),
            title,
            "Start it",
            lambda filled: command(filled.values),
            may_be_unchanged=True,
        )
        filled = await self.app.push_screen_wait(asked)
        return filled.values if filled is not None else None


def question(plugin: str, offer: Offer) -> list[Line]:
    """Return the question whether to start an action."""
    lines = [line(Span(offer.label or offer.name, "strong")), line(Span(f"An action of {plugin}.", "dim"))]
    return [*lines, line(Span(offer.danger, "warn"))] if offer.danger else lines


def _in(profile: str) -> dict[str, str]:
    return {"profile": profile} if profile else {}
