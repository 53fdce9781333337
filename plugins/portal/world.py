"""Portal's world, inside a worker: the archives of one file or package, which register by being made.

What plugins import of Portal lies in `stand_in/`, a folder that is on the path in this process alone. A call names the
archive by its guid, or asks for a `panel`, as `yester plugin run` does.
"""

import logging
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from yester.engine.events import clean
from yester.plugins.native.loading import loaded_by
from yester.plugins.options.kinds import plain
from yester.plugins.options.reporting import rows
from yester.plugins.options.resolving import resolve
from yester.plugins.options.spec import Option, slots_of, spec_problems
from yester.plugins.portal.calling import FORMS, call, constraints_of, problems_of
from yester.plugins.portal.common_options import COMMON
from yester.plugins.portal.filesets import received
from yester.plugins.portal.importing import import_plugin
from yester.plugins.portal.interface import OFFICE, IArchivePlugin
from yester.plugins.portal.policies import DEFAULT
from yester.plugins.portal.returned import told
from yester.plugins.portal.settings_page import fill, options_of
from yester.plugins.worker.messages import Loaded, PluginFile
from yester.plugins.worker.worlds import Announce, Context, World

STAND_IN = Path(__file__).parent / "stand_in"
OLD = Path(__file__).parent / "old" / "stand_in"
"""What files of 2015 import besides, for want of it."""

PANELS = {"ready": "Whether it can be reached", "policies": "Its storage policies"}


def open_world(settings: dict[str, Any], context: Context) -> World:
    """Return the world; the process is Portal's from here on."""
    sys.path.insert(0, str(STAND_IN))
    sys.path.append(str(OLD))
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    return PortalWorld()


class PortalWorld:
    """The archives that registered, by the plugin that made them."""

    threads = 1

    def __init__(self) -> None:
        self._archives: dict[str, dict[str, Any]] = {}
        self._uuids: dict[tuple[str, str], Any] = {}
        """Archive and policy → the uuid as the plugin has it, which need not be text."""

    def load(self, plugins: Sequence[PluginFile], announce: Announce) -> list[Loaded]:
        """Import plugins; each that cannot be is told of."""
        return [loaded_by(self._loaded, plugin, announce) for plugin in plugins]

    def call(self, plugin: str, method: str, arguments: Sequence[Any], context: Context) -> Any:
        """Call an archive; whatever it raises goes to the host."""
        if method == "panel":
            return [row for archive in self._archives[plugin].values() for row in self._panel(archive, *arguments)]
        guid, *rest = arguments
        archive = self._archives[plugin][guid]
        match method:
            case "is_ready":
                return _is_ready(archive)
            case "policies":
                return self._policies(guid, archive)
            case _:
                file_sets, policy, *job = rest
                given = [received(each) for each in file_sets]
                uuid = self._uuid(guid, archive, policy)
                return told(call(archive, method, given, uuid, *job), most=2 * len(given) + 100)

    def _loaded(self, plugin: PluginFile) -> Loaded:
        from portal.utils import models

        models.PAGES.clear()
        OFFICE.begin(plugin.name, plugin.layers)
        import_plugin(plugin.name, plugin.path)
        archives = OFFICE.those(IArchivePlugin)
        facts, problems = self._settled(plugin, archives, models.PAGES)
        problems += [problem for archive in archives for problem in problems_of(archive)]
        if not archives:
            problems.append("it registers no archive: an object of a class that derives from ArchivePlugin")
        twice = len(archives) - len({archive.plugin_guid for archive in archives})
        if twice and not problems:
            problems.append("two of its archives have the same plugin_guid")
        if problems:
            return Loaded(plugin.name, "; ".join(problems), facts)
        self._archives[plugin.name] = {clean(archive.plugin_guid): archive for archive in archives}
        return Loaded(plugin.name, "", {**facts, "archives": [_described(archive) for archive in archives]})

    def _settled(
        self, plugin: PluginFile, archives: Sequence[Any], pages: Sequence[Any]
    ) -> tuple[dict[str, Any], list[str]]:
        """Let settings pages have what holds; return what is to be known of options and of the plugin, and problems."""
        spec: dict[str, Option] = options_of(pages)
        problems = []
        for archive in archives:
            own: Mapping[str, Option] = getattr(archive, "option_spec", {})
            wrong = [*spec_problems(own)]
            problems += wrong
            spec |= {} if wrong else own
        slots = slots_of(plugin.name, {**spec, **{name: each for name, each in COMMON.items() if name not in spec}})
        resolved = resolve(slots, plugin.layers)
        fill(pages, {name: value.meant for name, value in resolved.values.items()})
        problems += map(str, resolved.problems)
        return {
            "title": _title(archives),
            "hooks": [],
            "offers": [
                {"kind": "panel", "name": name, "label": label, "options": {}} for name, label in PANELS.items()
            ],
            "has_spec": True,
            "options": rows(slots, resolved),
            "common": {name: resolved.values[name].meant for name in COMMON},
            "warnings": plain(resolved.warnings),
        }, problems

    def _policies(self, guid: str, archive: Any) -> Any:
        """Return the storage policies as plain tables, each with its constraints; anything else as it was returned."""
        if not hasattr(archive, "get_policies"):
            return [{"uuid": DEFAULT}]
        policies = archive.get_policies()
        if not isinstance(policies, list | tuple):
            return plain(policies)
        return [self._policy(guid, archive, each) if isinstance(each, Mapping) else plain(each) for each in policies]

    def _policy(self, guid: str, archive: Any, policy: Mapping[str, Any]) -> Any:
        uuid = policy.get("uuid")
        told = plain({**policy, "uuid": None if uuid is None else str(uuid)})
        if policy.get("bulk_support") is True:
            told["constraints"] = plain(constraints_of(archive, uuid) or policy.get("constraints"))
        self._uuids[guid, told["uuid"]] = uuid
        return told

    def _uuid(self, guid: str, archive: Any, policy: str) -> Any:
        """Return the uuid of a policy as the plugin has it; in a fresh worker it is asked first."""
        if (guid, policy) not in self._uuids:
            self._policies(guid, archive)
        return self._uuids.setdefault((guid, policy), policy)

    def _panel(self, archive: Any, panel: str) -> list[dict[str, str]]:
        name = clean(str(archive.name or type(archive).__name__))
        if panel == "ready":
            why = _not_ready(archive)
            text, level = (f"is not ready: {why}", "warning") if why else ("is ready", "info")
            return [{"text": f"{name} {text}", "level": level, "key": clean(archive.plugin_guid)}]
        policies = self._policies(clean(archive.plugin_guid), archive)
        return [{"text": f"{name}: {_in_words(each)}", "level": "info", "key": ""} for each in policies]


def _is_ready(archive: Any) -> bool:
    return bool(archive.is_ready()) if hasattr(archive, "is_ready") else True


def _not_ready(archive: Any) -> str:
    """Return why an archive is not ready; empty when it is."""
    try:
        return "" if _is_ready(archive) else "it does not say why"
    except Exception as problem:  # noqa: BLE001  the plugin's way to say why
        return clean(str(problem) or type(problem).__name__)


def _described(archive: Any) -> dict[str, Any]:
    roles = {name: getattr(archive, f"role_{name}", "") for name in ("archive", "restore", "purge", "delete")}
    return {
        "guid": clean(archive.plugin_guid),
        "name": clean(str(archive.name or type(archive).__name__)),
        "methods": [method for method in FORMS if callable(getattr(archive, method, None))],
        "roles": {name: clean(str(role)) for name, role in roles.items()},
    }


def _title(archives: Sequence[Any]) -> str:
    texts = [vars(type(archive)).get("__doc__") or "" for archive in archives]
    return clean("; ".join(filter(None, (text.strip().partition("\n")[0] for text in texts))))


def _in_words(policy: Any) -> str:
    if not isinstance(policy, Mapping):
        return f"no policy: {policy}"
    about = {key: value for key, value in policy.items() if key != "uuid" and value not in (None, "")}
    return f"{policy['uuid']}" + "".join(f", {key} = {value}" for key, value in about.items())
