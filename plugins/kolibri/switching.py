"""Switching plugins of Kolibri on and off: by their own `enable` and `disable`, which may do more than that.

Contract: section 4.3. All are tried; a plugin that cannot be imported is not switched on, and is forgotten where it was
to be switched off.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from yester.engine.errors import YesterError
from yester.plugins.asks import ASKS
from yester.plugins.found import Found
from yester.plugins.kolibri.home import Home
from yester.plugins.manner import NeedsConsent
from yester.plugins.module_files import module_file
from yester.plugins.native.loading import ENTRY
from yester.plugins.trust import check_trust
from yester.plugins.worker.crew import Crew
from yester.plugins.worker.hosting import WorkerProcess
from yester.plugins.worker.messages import PluginFile
from yester.plugins.worker.problems import AskRefused, PluginProblem

TIMEOUT_S = 60.0


class NotSwitched(YesterError):
    """Some plugins could not be switched."""

    exit_code = 2


def switch(settings: Mapping[str, Any], on: Sequence[Found], off: Sequence[Found]) -> list[str]:
    """Switch plugins off, then on; return what they say. NeedsConsent, UsageError: before anything is done.

    NotSwitched: after all were tried.
    """
    for each in on:
        _refuse_untrusted(each)
    home = Home(Path(settings["home"]), settings["is_own"])
    if not home.may_be_written:
        raise NeedsConsent(
            f"{home.path} belongs to a Kolibri, as {home.sign} in it shows, and its plugins.json would be written",
            hint="To have that written: add --yes",
            allow=home.allow,
        )
    heard: list[str] = []
    crew = _crew(settings, [*off, *on], heard, may_write=bool(home.sign))
    try:
        crew.load()
        failed = [_switched(crew, each, "disable", heard) for each in off]
        failed += [_switched(crew, each, "enable", heard) for each in on]
    except OSError as problem:
        raise YesterError(f"No process for plugins can be started: {problem.strerror}") from None
    finally:
        crew.close()
    if any(failed):
        whats = [word for word, those in (("disabled", off), ("enabled", on)) if those]
        raise NotSwitched(
            f"One or more plugins could not be {'/'.join(whats)}",
            hint="; ".join(dict.fromkeys(each.rstrip(".") for each in heard)) + ".",
        )
    return list(dict.fromkeys(heard))


def _refuse_untrusted(plugin: Found) -> None:
    """UsageError when others could have written a plugin: switching it on imports it."""
    name = plugin.place.removeprefix(ENTRY)
    file = module_file(name) if name != plugin.place else Path(plugin.place)
    if file is not None:
        check_trust(file)


def _crew(settings: Mapping[str, Any], plugins: Sequence[Found], heard: list[str], *, may_write: bool) -> Crew:
    def answers(plugin: str, method: str, arguments: Sequence[Any]) -> None:
        if method not in ASKS or len(arguments) != 4:
            raise AskRefused("a plugin that is being switched may say something, and nothing else")
        heard.append(str(arguments[2]))

    def start() -> WorkerProcess:
        return WorkerProcess("kolibri", printed=lambda *printed: None, answers=answers, folder="/")

    files = [PluginFile(each.name, each.place) for each in plugins]
    ours = {**settings, "switching": True, "may_write": may_write}
    return Crew(files, ours, start=start, trouble=lambda plugin, text: heard.append(text))


def _switched(crew: Crew, plugin: Found, method: str, heard: list[str]) -> bool:
    """Switch one plugin; return whether that failed."""
    try:
        return not crew.call(plugin.name, method, [], TIMEOUT_S)
    except PluginProblem as problem:
        heard.append(str(problem))
        return True
