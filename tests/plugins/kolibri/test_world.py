"""Plugins of Kolibri in a real worker, from the folder or a package to the events of a run."""

import json
import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.kolibri.packing import pack

from yester.engine.errors import UsageError
from yester.engine.events import Event, Message, RunBegin, RunEnd
from yester.engine.hooks import StopRun
from yester.engine.places import Places
from yester.plugins import found
from yester.plugins.dispatcher import Dispatcher
from yester.plugins.finding import find_plugins
from yester.plugins.kolibri import casting
from yester.plugins.layering import layers_in
from yester.plugins.settings import PluginSettings, read_settings
from yester.plugins.surroundings import Surroundings

Patch = pytest.MonkeyPatch

BEGIN = RunBegin("r1", "docs", "00", action="snap")
END = RunEnd("r1", "complete")

HEAD = """
from kolibri.core.auth.hooks import FacilityDataSyncHook
from kolibri.core.device.hooks import CheckIsMeteredHook, GetOSUserHook, SetupHook
from kolibri.plugins import KolibriPluginBase
from kolibri.plugins.hooks import register_hook

def trace(*words):
    with open({trace!r}, "a") as file:
        print(*words, file=file)

class Plugin(KolibriPluginBase):
    "Does something."
"""

SYNC = """
@register_hook
class Sync(FacilityDataSyncHook):
    def pre_transfer(self, **named):
        trace(type(self).__module__, "pre", named["context"].stage, *sorted(named))
    def post_transfer(self, dataset_id, local_is_single_user, remote_is_single_user, single_user_id, context):
        trace(type(self).__module__, "post", context.stage, local_is_single_user, single_user_id)
    def get_sync_operations(self, context):
        return [lambda context: trace(type(self).__module__, "operation", context.stage)]
"""


NAMED = ("context", "dataset_id", "local_is_single_user", "remote_is_single_user", "single_user_id")


@dataclass
class Ears:
    heard: list[Message] = field(default_factory=list)
    lines: list[Message] = field(default_factory=list)

    def said(self, message: Message) -> None:
        self.heard.append(message)

    def printed(self, message: Message) -> None:
        self.lines.append(message)

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.heard]


@dataclass
class World:
    """A person's places, with plugins in the folder."""

    places: Places
    ears: Ears = field(default_factory=Ears)

    @property
    def trace(self) -> Path:
        return self.places.state / "trace"

    @property
    def heard(self) -> list[str]:
        return self.trace.read_text().splitlines() if self.trace.exists() else []

    @property
    def home(self) -> Path:
        return self.places.data / "kolibri"

    def put(self, name: str, plugin: str = "", *, within: str = ".", **files: str) -> Path:
        self.places.state.mkdir(parents=True, exist_ok=True)
        text = HEAD.format(trace=str(self.trace)) + plugin if plugin else ""
        return pack(self.places.data / "plugins" / "kolibri" / within / name, plugin=text, **files)

    def dispatcher(self, action: str = "snap", run: str = "r1") -> Dispatcher:
        surroundings = Surroundings(self.places, action, run)
        settings = read_settings(self.places)
        plugins = [each for each in find_plugins(self.places, settings, installed=False) if each.is_enabled]
        return Dispatcher(plugins, layers_in(settings, surroundings), surroundings, self.ears)

    def facts(self) -> dict[str, Any]:
        with closing(self.dispatcher()) as dispatcher:
            return {member.name: member.facts for member in dispatcher.members}

    def run(self, *events: Event, action: str = "snap") -> None:
        with closing(self.dispatcher(action)) as dispatcher:
            for event in events or (BEGIN, END):
                dispatcher.event(event)

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.home / "plugins.json").read_text())
        return found


@pytest.fixture
def world(tmp_path: Path, monkeypatch: Patch) -> Iterator[World]:
    for variable in [name for name in os.environ if name.startswith("KOLIBRI_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3] / "src"))
    yield World(Places.under(tmp_path))


def test_a_transfer_from_begin_to_end(world: World) -> None:
    world.put("some", SYNC)
    world.run()
    assert world.heard == [
        f"some.kolibri_plugin pre initializing {' '.join(NAMED)}",
        "some.kolibri_plugin operation initializing",
        "some.kolibri_plugin operation serializing",
        "some.kolibri_plugin operation queuing",
        "some.kolibri_plugin operation transferring",
        "some.kolibri_plugin operation dequeuing",
        "some.kolibri_plugin operation deserializing",
        "some.kolibri_plugin operation cleanup",
        "some.kolibri_plugin post cleanup False None",
    ]
    assert world.ears.texts == []


def test_hooks_are_called_in_the_order_of_registration_at_ends_too(world: World) -> None:
    for name in ("b", "a"):
        world.put(name, SYNC)
    world.run()
    assert [line[0] for line in world.heard if " pre " in line or " post " in line] == ["a", "b", "a", "b"]


def test_apply_says_the_order(world: World, monkeypatch: Patch) -> None:
    for name in ("a", "b", "c"):
        world.put(name, SYNC)
    monkeypatch.setenv("KOLIBRI_PLUGIN_APPLY", "c,a")
    world.run(BEGIN)
    assert [line[0] for line in world.heard if " pre " in line] == ["c", "a"]


@pytest.mark.parametrize(
    ("events", "action"),
    [
        ((RunBegin("r1", "docs", "00", dry_run=True, action="snap"), END), "snap"),
        ((BEGIN, END), "copy"),
        ((RunEnd("r1", "failed"),), "snap"),
        ((RunEnd("r1", "cancelled"),), "snap"),
        ((RunEnd("r1", "skipped"),), "snap"),
    ],
)
def test_where_nothing_is_transferred_nothing_is_called(world: World, events: Any, action: str) -> None:
    world.put("some", SYNC)
    world.run(*events, action=action)
    assert world.heard == []


def test_what_fails_around_a_transfer_fails_nothing(world: World) -> None:
    fails = SYNC.replace("        trace(", "        raise ValueError('no drive'); trace(")
    world.put("a", fails)
    world.put("b", SYNC)
    world.run()
    assert [(each.source, each.level) for each in world.ears.heard] == [("a", "error"), ("a", "error")]
    assert world.ears.texts[0].startswith("Sync.pre_transfer hook failed: ValueError: no drive (line ")
    assert world.ears.texts[1].startswith("Sync.post_transfer hook failed: ValueError: no drive (line ")
    assert sum(" p" in line for line in world.heard if line.startswith("b.")) == 2
    assert "a.kolibri_plugin operation cleanup" in world.heard


OPERATIONS = """
class Vital:
    def handle(self, context):
        {body}

@register_hook
class Sync(FacilityDataSyncHook):
    {stage}_operations = [Vital()]
    def post_transfer(self, **named):
        trace("post")
"""


@pytest.mark.parametrize("stage", ["initializing", "serializing", "queuing", "transferring"])
def test_an_operation_that_fails_fails_the_run(world: World, stage: str) -> None:
    world.put("some", OPERATIONS.format(stage=stage, body="raise OSError('no drive')"))
    with pytest.raises(StopRun) as stopped:
        world.run(BEGIN)
    text = f"some stops the run: Vital, an operation of the stage {stage}, failed: OSError: no drive (line "
    assert str(stopped.value).startswith(text)
    assert world.heard == []


@pytest.mark.parametrize("stage", ["dequeuing", "deserializing", "cleanup"])
def test_one_that_fails_at_the_end_is_told(world: World, stage: str) -> None:
    world.put("some", OPERATIONS.format(stage=stage, body="raise OSError('no drive')"))
    world.run()
    (text,) = world.ears.texts
    assert f"on_run_end failed: OperationFailed: Vital, an operation of the stage {stage}, failed: OSError" in text
    assert world.heard == []


def test_an_operation_that_was_not_meant_for_it(world: World) -> None:
    world.put("some", OPERATIONS.format(stage="queuing", body="assert context.is_receiver"))
    world.run()
    assert world.ears.texts == []
    assert world.heard == ["post"]


DEVICE = """
@register_hook
class Metered(CheckIsMeteredHook):
    def check_is_metered(self): return True

@register_hook
class User(GetOSUserHook):
    def get_os_user(self, auth_token): return ("ada", True)

@register_hook
class Setup(SetupHook):
    @property
    def url(self): return self.plugin_url(Plugin, "setup")
"""


def test_what_hooks_about_the_device_know(world: World) -> None:
    world.put("device", DEVICE)
    with closing(world.dispatcher()) as dispatcher:
        (member,) = dispatcher.members
        assert member.facts["title"] == "Does something."
        assert [offer["name"] for offer in member.facts["offers"]] == ["metered", "user", "setup"]
        shown = [member.cast.ask(member, "panel", [name])[0]["text"] for name in ("metered", "user", "setup")]
        assert shown == ["yes", "ada, True", "kolibri:device:setup"]
        assert member.cast.ask(member, "answer", ["metered"]) is True
        assert member.hooks == frozenset()


def test_a_second_one_where_one_may_be_is_left_out(world: World) -> None:
    world.put("first", DEVICE)
    world.put("second", DEVICE)
    world.put("third", SYNC)
    assert [*world.facts()] == ["first", "third"]
    (text,) = world.ears.texts
    assert text.startswith("second cannot be loaded: Attempted to register more than one instance of ")


BROKEN = {
    "absent": ("", "import nothing_of_that_name", "ModuleNotFoundError: No module named 'nothing_of_that_name'"),
    "two": (
        "",
        f"{HEAD.format(trace='')}\nclass Second(KolibriPluginBase): pass",
        "More than one plugin defined in kolibri_plugin module",
    ),
    "syntax": ("", "def", "SyntaxError: invalid syntax (line 1 of "),
    "exits": ("", "raise SystemExit", "SystemExit"),
    "init": ("raise KeyError('x')", "", "KeyError: 'x'"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plugin_is_named_and_the_others_are_called(world: World, name: str) -> None:
    init, text, problem = BROKEN[name]
    folder = world.put(name, init=init)
    if text:
        (folder / "kolibri_plugin.py").write_text(text)
    world.put("witness", SYNC)
    world.run()
    assert any(each.startswith(f"{name} cannot be loaded: {problem}") for each in world.ears.texts)
    assert len(world.heard) == 9


@pytest.mark.parametrize("where", ["import", "hook", "init"])
def test_one_that_ends_its_process_is_named_and_the_others_are_called(world: World, where: str) -> None:
    ends = "__import__('os')._exit(3)"
    hook = SYNC.replace("        trace(", f"        {ends}; trace(", 1) if where == "hook" else SYNC
    folder = world.put("ending", f"\n{ends}\n" if where == "import" else hook)
    if where == "init":
        (folder / "__init__.py").write_text(ends)
    world.put("witness", SYNC)
    world.run()
    assert "ending: it ended the worker process of kolibri plugins: exit code 3" in world.ears.texts[0]
    assert len([line for line in world.heard if line.startswith("witness")]) == 9


def test_views_are_ignored_which_is_said_once(world: World) -> None:
    views = "    translated_view_urls = 'urls'\n    root_view_urls = 'root'\n"
    world.put("viewing", views + SYNC, urls="raise OSError")
    said = "viewing: its views are ignored, since yester has no web pages (translated_view_urls, root_view_urls)"
    world.run()
    assert world.ears.texts == [said]
    world.run()
    assert world.ears.texts == [said]
    with closing(world.dispatcher("plugin", run="")) as dispatcher:
        assert dispatcher.members
    assert world.ears.texts == [said, said]
    assert len(world.heard) == 18


WEB = """
from kolibri.core.auth.constants.user_kinds import LEARNER
from kolibri.core.content import hooks as content_hooks
from kolibri.core.hooks import NavigationHook, RoleBasedRedirectHook
from kolibri.core.webpack.hooks import WebpackBundleHook, WebpackInclusionSyncMixin
from kolibri.utils import translation
from kolibri.utils.translation import gettext as _

@register_hook
class Item(NavigationHook):
    bundle_id = "side_nav"
    with translation.override("de"):
        label = _("Backups")

@register_hook
class Bundle(WebpackInclusionSyncMixin, WebpackBundleHook):
    bundle_id = "app"

@register_hook
class Redirect(RoleBasedRedirectHook):
    roles = (LEARNER,)

@register_hook
class Renders(content_hooks.ContentRendererHook):
    presets = ()
"""


def test_hooks_about_web_pages_are_ignored_too(world: World) -> None:
    world.put("web", SYNC + WEB)
    world.run()
    assert world.ears.texts == [
        "web: its views are ignored, since yester has no web pages "
        "(ContentRendererHook, NavigationHook, RoleBasedRedirectHook, WebpackBundleHook, WebpackInclusionSyncMixin)"
    ]
    assert len(world.heard) == 9


def test_what_is_no_hook_is_not_made_up(world: World) -> None:
    world.put("web", "from kolibri.core.hooks import helper\n" + SYNC)
    world.run()
    assert "cannot import name 'helper'" in world.ears.texts[0]


def test_what_is_logged_is_said(world: World) -> None:
    world.put(
        "talks",
        "    kolibri_options = 'nowhere'\n" + SYNC.replace("return", "import logging; logging.warning('hm'); return"),
    )
    world.run(BEGIN)
    assert world.ears.texts[:2] == [
        "talks: talks defined nowhere kolibri options but the module was not found", "hm",
    ]  # fmt: skip


def test_what_is_logged_while_plugins_are_loaded_is_said_once(world: World) -> None:
    world.put("a", "    django_settings = 'settings'\n" + SYNC, settings="raise OSError('no settings')")
    world.put("b", SYNC)
    world.run()
    assert [text.partition(":")[0] for text in world.ears.texts] == ["a", "a"]
    assert "an error was raised: OSError: no settings" in world.ears.texts[0]
    assert len(world.heard) == 18


OPTIONS = 'option_spec = {"Backup": {"KEEP": {"type": "integer", "default": 2, "description": "How many"}}}'
READS = """
    kolibri_options = 'options'

@register_hook
class Sync(FacilityDataSyncHook):
    def pre_transfer(self, **named):
        from kolibri.utils.conf import OPTIONS
        trace(OPTIONS["Backup"]["KEEP"])
"""


def kept(world: World) -> str:
    world.run(BEGIN)
    return world.heard[-1].split()[0]


def test_options_from_all_places(world: World, monkeypatch: Patch) -> None:
    world.put("some", READS, options=OPTIONS)
    assert kept(world) == "2"
    (world.home / "options.ini").write_text("[Backup]\nKEEP = 3\n")
    assert kept(world) == "3"
    world.places.config.mkdir()
    (world.places.config / "plugins.toml").write_text("[options.some]\n'Backup.KEEP' = 4\n")
    assert kept(world) == "4"
    (world.places.config / "plugins.toml").write_text("[options.some.Backup]\nKEEP = 5\n")
    assert kept(world) == "5"
    monkeypatch.setenv("KOLIBRI_KEEP", "6")
    assert kept(world) == "6"
    assert world.ears.texts == []


def test_a_wrong_option_leaves_the_plugin_out(world: World) -> None:
    world.put("some", READS, options=OPTIONS)
    world.put("witness", SYNC)
    world.home.mkdir(parents=True)
    (world.home / "options.ini").write_text("[Backup]\nKEEP = abba\n")
    world.run()
    path = world.home / "options.ini"
    assert world.ears.texts[0] == (
        f"some cannot be loaded: Error processing {path} under section [Backup] for option KEEP: "
        'the value "abba" is of the wrong type.'
    )
    assert len(world.heard) == 9


def test_a_clash_with_kolibris_own_options_leaves_the_plugin_out(world: World) -> None:
    core = 'option_spec = {"Deployment": {"HTTP_PORT": {"type": "port", "default": 8080}}}'
    world.put("clash", "    kolibri_options = 'options'\n" + SYNC, options=core)
    world.put("witness", SYNC)
    world.run()
    assert "Cannot overwrite a core Kolibri options spec option" in world.ears.texts[0]
    assert len(world.heard) == 9


def test_a_setting_of_kolibris_own_leaves_the_plugin_out(world: World) -> None:
    world.put("clash", "    django_settings = 'settings'\n" + SYNC, settings="DEBUG = True")
    world.put("witness", SYNC)
    world.run()
    assert "Plugin settings should not be used to override Kolibri default settings" in world.ears.texts[0]
    assert len(world.heard) == 9


def test_a_package_within_a_checkout(world: World) -> None:
    world.put("inner_plugin", "X = 1\n" + SYNC, within="a-checkout")
    (world.places.data / "plugins" / "kolibri" / "a-checkout" / "README.md").touch()
    world.run()
    assert len(world.heard) == 9


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("my-plugin/kolibri_plugin.py", "my-plugin: its name is none for a package"),
        ("single.py", "single.py: it is no folder: a plugin of Kolibri is a package with a kolibri_plugin.py"),
        ("empty/README.md", "empty: there is no kolibri_plugin.py in it, nor in a folder of it"),
    ],
)
def test_what_is_no_package_is_named(world: World, name: str, what: str) -> None:
    world.put("witness", SYNC)
    path = world.places.data / "plugins" / "kolibri" / name
    path.parent.mkdir(exist_ok=True)
    path.touch()
    world.run()
    assert world.ears.texts[0].startswith(what)
    assert len(world.heard) == 9


def test_of_two_with_one_name_one_is_left_out(world: World) -> None:
    world.put("some", SYNC)
    other = world.put("some", SYNC, within="b-checkout")
    world.run()
    assert len(world.ears.texts) == 1
    assert str(other) in world.ears.texts[0] or "some" in world.ears.texts[0]
    assert len(world.heard) == 9


def test_a_hook_that_cannot_be_made(world: World) -> None:
    world.put("some", SYNC + "\n    def __init__(self): raise OSError('no')\n")
    world.put("witness", SYNC)
    world.run()
    (text,) = world.ears.texts
    assert text.startswith("some cannot be loaded: OSError: no (line ")
    assert len(world.heard) == 9


@pytest.mark.parametrize("spec", ["[]", "{'S': []}", "{'S': {'N': 'string'}}", "{'S': {'N': {}}}", "5"])
def test_a_spec_that_is_nonsense(world: World, spec: str) -> None:
    world.put("some", "    kolibri_options = 'options'\n" + SYNC, options=f"option_spec = {spec}")
    world.put("witness", SYNC)
    world.run()
    assert all(text.startswith("some cannot be loaded: ") for text in world.ears.texts)
    assert len(world.heard) == (18 if spec == "[]" else 9)


def test_who_logs_too_much_does_not_fail(world: World) -> None:
    talking = (
        "        import logging\n        for n in range(1100): logging.warning(f'hm {n}')\n        trace('done')\n"
    )
    world.put("some", SYNC.replace("        trace(", talking + "        trace(", 1))
    world.run(BEGIN)
    assert world.heard[0] == "done"
    assert len(world.ears.heard) == 1000
    assert len(world.ears.lines) == 100


def test_a_state_file_that_cannot_be_written_stops_nothing(world: World) -> None:
    world.put("some", SYNC)
    world.home.write_text("in the way")
    world.run()
    assert any("cannot be " in text for text in world.ears.texts)
    assert len(world.heard) == 9


def test_names_that_are_none(world: World) -> None:
    switched_on(world, "", "a b", "../x", "a..b")
    found = [each for each in find_plugins(world.places, PluginSettings()) if each.world == "kolibri"]
    assert {each.problem for each in found} == {"enabled, but not installed"}


def test_what_lies_beside_a_plugin_cannot_be_imported(world: World) -> None:
    folder = world.put("some", "import beside\n" + SYNC)
    (folder.parent / "beside.py").write_text("")
    world.run()
    assert any("No module named 'beside'" in text for text in world.ears.texts)


def test_what_others_may_write_is_refused(world: World) -> None:
    folder = world.put("some", SYNC)
    (folder / "options.py").touch()
    (folder / "options.py").chmod(0o666)
    world.run()
    assert "some: refused: " in world.ears.texts[0]
    assert world.heard == []


def test_the_version_is_remembered_once(world: World) -> None:
    world.put("some", SYNC, init="__version__ = '1.5'")
    world.run()
    assert world.state()["PLUGIN_VERSIONS"] == {"some": "1.5"}
    before = (world.home / "plugins.json").stat().st_mtime_ns
    world.run()
    assert (world.home / "plugins.json").stat().st_mtime_ns == before


UPGRADE = "from kolibri.core.upgrade import version_upgrade\n@version_upgrade(old_version='<1.5')\ndef up(): {}\n"


def test_another_version_is_upgraded_to(world: World) -> None:
    folder = world.put("some", SYNC, init="__version__ = '1.0'", upgrade=UPGRADE.format("print('up')"))
    world.run(END)
    assert world.ears.lines == []
    (folder / "__init__.py").write_text("__version__ = '1.10'")
    world.run(END)
    assert [line.text for line in world.ears.lines] == ["stdout: up"]
    assert world.state()["PLUGIN_VERSIONS"] == {"some": "1.10"}


def test_an_upgrade_that_fails_switches_the_plugin_off(world: World) -> None:
    folder = world.put("some", SYNC, init="__version__ = '1.0'", upgrade=UPGRADE.format("raise OSError('full')"))
    world.put("witness", SYNC)
    world.run()
    assert len(world.heard) == 18
    (folder / "__init__.py").write_text("__version__ = '1.10'")
    world.run()
    assert world.ears.texts == [
        "some cannot be loaded: it could not be brought from version 1.0 to 1.10: OSError: full; it was switched off. "
        "To switch it on again: yester plugin enable some"
    ]
    assert world.state()["DISABLED_PLUGINS"] == ["some"]
    assert len(world.heard) == 27
    world.run()
    assert len(world.ears.texts) == 1


def test_looking_at_plugins_writes_nothing(world: World) -> None:
    world.put("some", SYNC)
    with closing(world.dispatcher("plugin", run="")) as dispatcher:
        assert dispatcher.members
    assert not world.home.exists()


def switched_on(world: World, *names: str) -> None:
    world.home.mkdir(parents=True, exist_ok=True)
    (world.home / ".yester").touch()
    (world.home / "plugins.json").write_text(json.dumps({"INSTALLED_PLUGINS": names}))


def test_what_is_on_and_gone_is_forgotten_with_a_hint(world: World) -> None:
    switched_on(world, "gone_plugin")
    world.put("witness", SYNC)
    world.run()
    assert world.ears.texts == [
        "gone_plugin: not found and disabled. To re-enable it, install it and run: yester plugin enable gone_plugin"
    ]
    assert world.state()["INSTALLED_PLUGINS"] == []
    assert len(world.heard) == 9


def test_a_state_file_that_is_broken_is_told_of_once_and_kept(world: World) -> None:
    world.put("some", SYNC, init="__version__ = '1'")
    switched_on(world)
    path = world.home / "plugins.json"
    path.write_text("{")
    world.run()
    assert world.ears.texts == [f"plugins.json: {path} is no JSON, and counts as empty"]
    assert path.read_text() == "{"
    assert len(world.heard) == 9


def test_a_folder_that_cannot_be_looked_into_costs_nobody_else(world: World, monkeypatch: Patch) -> None:
    world.put("some", SYNC)
    shut = world.put("shut").parent / "shut"
    (shut / "kolibri_plugin.py").unlink()
    real = found.listed

    def refusing(folder: Path) -> list[Path]:
        if folder == shut:
            raise UsageError(f"{shut} cannot be read: Permission denied")
        return real(folder)

    monkeypatch.setattr(casting, "listed", refusing)
    world.run()
    assert world.ears.texts == [f"shut: it cannot be looked into: {shut} cannot be read: Permission denied"]
    assert len(world.heard) == 9


def test_looking_forgets_nothing(world: World) -> None:
    switched_on(world, "gone_plugin")
    (found,) = [each for each in find_plugins(world.places, PluginSettings()) if each.world == "kolibri"]
    assert (found.name, found.problem) == ("gone_plugin", "enabled, but not installed")
    assert world.state()["INSTALLED_PLUGINS"] == ["gone_plugin"]


def test_one_that_cannot_be_imported_is_forgotten(world: World, tmp_path: Path, monkeypatch: Patch) -> None:
    pack(tmp_path / "packages" / "broken_plugin", plugin="import nothing_of_that_name")
    monkeypatch.syspath_prepend(str(tmp_path / "packages"))
    monkeypatch.setenv("PYTHONPATH", f"{os.environ['PYTHONPATH']}:{tmp_path / 'packages'}")
    switched_on(world, "broken_plugin")
    world.run()
    (text,) = world.ears.texts
    assert "No module named 'nothing_of_that_name'" in text
    assert text.endswith("it was switched off. To switch it on again: yester plugin enable broken_plugin")
    assert world.state()["INSTALLED_PLUGINS"] == []


def test_plugins_of_kolibri_itself_are_none_of_ours(world: World) -> None:
    switched_on(world, "kolibri.plugins.learn")
    assert [each for each in find_plugins(world.places, PluginSettings()) if each.world == "kolibri"] == []


def test_a_kolibris_home_is_read_and_not_written(world: World, tmp_path: Path, monkeypatch: Patch) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "db.sqlite3").touch()
    (theirs / "plugins.json").write_text('{"INSTALLED_PLUGINS": ["gone_plugin"], "DISABLED_PLUGINS": ["off"]}')
    (theirs / "options.ini").write_text("[Backup]\nKEEP = 9\n")
    before = {path: path.read_bytes() for path in theirs.iterdir()}
    monkeypatch.setenv("KOLIBRI_HOME", str(theirs))
    world.put("off", SYNC)
    world.put("some", READS, options=OPTIONS)
    assert kept(world) == "9"
    assert world.ears.texts == ["gone_plugin: enabled, but not installed"]
    assert {path: path.read_bytes() for path in theirs.iterdir()} == before


PAGE = Path(__file__).parents[3] / "docs" / "plugins.md"


def test_the_example_of_the_docs(world: World) -> None:
    page = PAGE.read_text()
    example = page[page.index("## Kolibri") :].partition("```python\n")[2].partition("```")[0]
    pack(
        world.places.data / "plugins" / "kolibri" / "school",
        plugin=example,
        options='option_spec = {"School": {"NAME": {"type": "string", "default": "Hill"}}}',
    )
    world.run()
    assert world.ears.texts == []
    assert [line.text for line in world.ears.lines] == ["stdout: Hill:  is safe in "]


def test_a_profile_may_switch_one_off(world: World) -> None:
    world.put("some", SYNC)
    settings = PluginSettings().in_profile("docs", {"some": {"enabled": False}})
    (found,) = [each for each in find_plugins(world.places, settings) if each.world == "kolibri"]
    assert not found.is_enabled
