"""yester backend test: what a store really does, before a repository is trusted to it."""

import os
import signal
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click
import msgspec

from yester.engine.events import clean
from yester.engine.places import Places
from yester.tui.cli.failures import complain
from yester.tui.cli.json_output import echo_json
from yester.tui.cli.opening import repository_place, stated_at
from yester.tui.cli.options import as_json
from yester.tui.cli.wording import age, count, one_line, size, table

if TYPE_CHECKING:
    from yester.engine.profiles.profile import Profile
    from yester.plugins.backends.proving.measuring import Figure
    from yester.plugins.backends.proving.outcome import Outcome
    from yester.plugins.backends.proving.remembered import Probed
    from yester.plugins.backends.proving.suite import Check
    from yester.plugins.backends.proving.visiting import Visit

_OPERATIONS = {
    "put": "put an object",
    "get": "get an object",
    "part": "get a part of one",
    "size": "ask for a size",
    "list": "list names",
    "delete": "delete an object",
}
_BROKEN = 1


@click.command("test", short_help="Try out what a place for repositories really does.")
@click.argument("place", metavar="URL")
@click.option("--beside-repository", is_flag=True, help="Also where there is a repository: it is left alone.")
@click.option("--quick", is_flag=True, help="Put fewer and smaller objects, for slow lines.")
@click.option("--load", "file", metavar="FILE", help="With the backend in this file, which need not be installed.")
@click.option("--profile", "of_profile", metavar="NAME", help="With the options of backends of this profile.")
@as_json
def test(
    place: str, beside_repository: bool, quick: bool, file: str | None, of_profile: str | None, as_json: bool
) -> int:
    """Try out what the folder or the server at URL really does, and how fast.

    Only objects are touched whose names begin with a prefix made up for this test, and they are gone at the end. The
    exit code is 0 when a repository can lie there, 1 when it cannot, and 6 when the place cannot be reached.
    """
    from yester.plugins.backends.proving.opening import Opening
    from yester.plugins.backends.proving.proved import learned
    from yester.plugins.backends.proving.visiting import visit

    places = Places.default()
    where = repository_place(place, None, places)
    opening = Opening(where, os.path.abspath(file) if file else "", stated_at(where, _profile(of_profile, places)))
    # A terminal that is closed ends a test as Ctrl-C does: nothing is left.
    signal.signal(signal.SIGHUP, signal.getsignal(signal.SIGTERM))
    with visit(opening, places, beside_repository=beside_repository, quick=quick) as visited:
        report = _Report(visited, quiet=as_json)
        report.begin()
        probed = report.run()
        report.tidying()
    if not visited.store.capabilities.local:
        learned(visited.store, probed, places)
    if as_json:
        echo_json(report.as_json(probed))
    else:
        report.end(probed)
    return _BROKEN if report.lacking else 0


def _profile(name: str | None, places: Places) -> "Profile | None":
    from yester.engine.profiles.reading import load_profile

    return load_profile(places.config / "profiles", name) if name is not None else None


class _Report:
    """What a test says, while it runs and when it is done."""

    def __init__(self, visited: "Visit", *, quiet: bool) -> None:
        self._visited, self._quiet = visited, quiet
        self._outcomes: dict[Check, Outcome] = {}

    @property
    def lacking(self) -> "list[Check]":
        """What a repository needs and the store does not do."""
        return [check for check, outcome in self._outcomes.items() if check.is_required and not outcome.holds]

    def begin(self) -> None:
        """Say what is tested, and what earlier tests had left."""
        self._say(f"testing {one_line(self._visited.store.place)}")
        self._say(f"touching only names that begin with {self._visited.names.prefix}")
        cleared = self._visited.cleared
        if cleared.removed:
            objects = sum(len(left.objects) for left in cleared.removed)
            self._say(f"removed {count(objects, 'object')} of {_tests(cleared.removed)} broken off")
        for left in cleared.stay:
            ago = age(int((time.time() - left.names.begun_s) * 1e9))
            self._say(
                f"left alone: {count(len(left.objects), 'object')} of a test that began {ago} ago and may still run"
            )

    def run(self) -> "Probed":
        """Put the store to each check, and say what comes of it."""
        from yester.plugins.backends.proving.probing import probed
        from yester.plugins.backends.proving.suite import checks_for, tried

        checks = checks_for(self._visited.trial)
        width = max(len(check.name) for check in checks)
        self._say("")
        for check, outcome in tried(self._visited.trial, checks):
            self._outcomes[check] = outcome
            note = f": {outcome.note}" if outcome.note else ""
            self._say(f"{check.name:<{width}}  {_word(check, outcome):<9}  {one_line(check.proves + note)}")
            if outcome.hint:
                self._say(f"{'':<{width}}  {'':<9}  {one_line(outcome.hint)}")
        return probed(self._visited.store.capabilities, self._outcomes)

    def tidying(self) -> None:
        """Say why nothing is said for a while: thousands of objects go, one by one."""
        self._say("\nremoving what the test put ...")

    def end(self, probed: "Probed") -> None:
        """Say how fast it is, and what that means."""
        rows = [("OPERATION", "TIMES", "MEDIAN", "SLOWEST", "RATE"), *map(_row, self._visited.gauge.figures())]
        click.echo("\n" + "\n".join(table(rows, right=(1, 2, 3, 4))) + "\n")
        if self.lacking:
            what = ", ".join(check.name for check in self.lacking)
            complain(f"A repository cannot lie at {self._visited.store.place}: it does not hold: {what}")
            return
        click.echo("a repository can lie there")
        if not probed.ranges:
            click.echo("  it gives no parts of objects: whole packs will be fetched, and kept in the cache")
        if not probed.if_absent:
            click.echo("  of two clients that make the same object at once both may win: yester does not rely on it")

    def as_json(self, probed: "Probed") -> dict[str, Any]:
        """Return all that was found out."""
        said = self._visited.store.capabilities
        return {
            "place": clean(self._visited.store.place),
            "prefix": self._visited.names.prefix,
            "is_usable": not self.lacking,
            "checks": [_as_json(check, outcome) for check, outcome in self._outcomes.items()],
            "operations": [msgspec.to_builtins(figure) for figure in self._visited.gauge.figures()],
            "says": {"ranges": said.ranges, "if_absent": said.if_absent, "tier": said.tier},
            "does": msgspec.to_builtins(probed),
            "removed": [name for left in self._visited.cleared.removed for name in sorted(left.objects)],
            "left_alone": [name for left in self._visited.cleared.stay for name in sorted(left.objects)],
        }

    def _say(self, line: str) -> None:
        if not self._quiet:
            click.echo(line)


def _word(check: "Check", outcome: "Outcome") -> str:
    return outcome.verdict.value.upper() if check.is_required and not outcome.holds else outcome.verdict.value


def _as_json(check: "Check", outcome: "Outcome") -> dict[str, Any]:
    return {
        "name": check.name,
        "proves": check.proves,
        "is_required": check.is_required,
        "verdict": outcome.verdict.value,
        "note": clean(outcome.note),
        "hint": clean(outcome.hint),
    }


def _row(figure: "Figure") -> tuple[str, ...]:
    what = _OPERATIONS[figure.operation] + (f" of {size(figure.size)}" if figure.size else "")
    rate = f"{size(int(figure.size / figure.median_s))}/s" if figure.size else f"{1 / figure.median_s:,.0f}/s"
    return what, f"{figure.times:,}", _time(figure.median_s), _time(figure.slowest_s), rate


def _time(seconds: float) -> str:
    return f"{seconds * 1000:,.2f} ms"


def _tests(lefts: Iterable[object]) -> str:
    number = len(list(lefts))
    return "a test that was" if number == 1 else f"{number} tests that were"
