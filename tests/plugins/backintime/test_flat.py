"""The stand-ins for Back In Time's modules, in a process on whose path they are."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from yester.plugins.backintime.world import FLAT


def ran(code: str, **more: str) -> str:
    """Run code where the modules are; return what it prints on both streams."""
    environment = {**os.environ, "PYTHONPATH": str(FLAT), **more}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_none_of_them_can_be_imported_here() -> None:
    for name in ("pluginmanager", "logger", "config", "tools", "snapshots", "snapshotlog"):
        assert name not in sys.modules
    assert str(FLAT) not in sys.path


SID = """
import datetime
from config import Config
from snapshots import SID, RootSnapshot
cfg = Config("/nowhere/config", "/nowhere")
cfg.dict["profile1.snapshots.path"] = "/target"
cfg.dict["profile1.snapshots.path.host"], cfg.dict["profile1.snapshots.path.user"] = "host", "me"
cfg.dict["profile1.snapshots.tag"] = "123"
sid = SID("20151219-010324-123", cfg)
"""


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("str(sid)", "20151219-010324-123"),
        ("sid.sid", "20151219-010324-123"),
        ("sid.displayID", "2015-12-19 01:03:24"),
        ("sid.displayName", "2015-12-19 01:03:24"),
        ("sid.withoutTag", "20151219-010324"),
        ("sid.tag", "123"),
        ("sid.date", "2015-12-19 01:03:24"),
        ("sid.split()", "(2015, 12, 19, 1, 3, 24)"),
        ("sid.path('backup')", "/target/backintime/host/me/1/20151219-010324-123/backup"),
        ("sid.pathBackup('/etc')", "/target/backintime/host/me/1/20151219-010324-123/backup/etc"),
        ("sid.exists(), sid.failed, sid.isRoot", "(False, False, False)"),
        ("sid == SID('20151219-010324-123', cfg), sid == '20151219-010324-123', sid == 7", "(True, True, False)"),
        ("sid < SID('20151219-010325', cfg) < RootSnapshot(cfg)", "True"),
        ("SID(datetime.datetime(2020, 1, 2, 3, 4, 5), cfg)", "20200102-030405-123"),
        ("SID(datetime.date(2020, 1, 2), cfg)", "20200102-000000-123"),
        (
            "RootSnapshot(cfg).displayName, str(RootSnapshot(cfg)), RootSnapshot(cfg).path('etc')",
            "('Now', '/', '/etc')",
        ),
        ("len({sid, SID('20151219-010324-123', cfg)})", "1"),
    ],
)
def test_a_sid(expression: str, value: str) -> None:
    assert ran(f"{SID}\nvalue = ({expression})\nprint(value)") == f"{value}\n"


@pytest.mark.parametrize("text", ["'20151219-010324-12'", "'latest'", "''", "7", "'20151399-010324-123'"])
def test_what_is_no_sid_is_refused(text: str) -> None:
    code = f"{SID}\ntry:\n    SID({text}, cfg)\nexcept (ValueError, TypeError) as e:\n    print('refused')"
    assert ran(code) == "refused\n"


def test_a_name_is_given_by_a_run_alone() -> None:
    code = f"{SID}\ntry:\n    sid.name = 'x'\nexcept OSError as e:\n    print(e, [sid.name], RootSnapshot(cfg).name)"
    assert ran(code) == "a snapshot gets its name in the run that takes it [''] Now\n"


def test_what_may_be_caught() -> None:
    names = "NoPubKeyLogin KnownHost HashCollision EncodeValueError LastSnapshotSymlink PermissionDeniedByPolicy"
    code = (
        f"import exceptions as e\nprint(all(issubclass(getattr(e, n), e.BackInTimeException) for n in {names.split()}))"
    )
    assert ran(code + "\nprint(e.InvalidCmd('x').msg, e.LimitExceeded('y'))") == "True\nx y\n"


def test_the_log() -> None:
    code = "from logger import *\nopenlog()\ninfo('a')\nwarning('b', 1)\nerror('c', None, 2)\ndebug('d')"
    assert ran(code) == "INFO: a\nWARNING: b\nERROR: c\n"
    deprecated = "import logger\ndef old():\n    logger.deprecated()\nlogger.changeProfile('2')\nold()"
    assert ran(deprecated) == "WARNING: old is deprecated\n"
    assert ran("import logger\nlogger.DEBUG = True\nlogger.debug('d')").endswith("] d\n")


CONFIG = """config.version=6
profiles=1:3
profile3.name=Third = one
profile3.snapshots.path=/target
profile3.snapshots.include.1.value=/home
profile3.snapshots.include.1.type=0
profile3.snapshots.include.2.value=/etc/fstab
profile3.snapshots.include.2.type=1
profile3.snapshots.include.size=2
profile3.snapshots.no_on_battery=TRUE
profile3.snapshots.bwlimit.value=many
profile3.user_callback.no_logging=1
"""


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("cfg.profiles()", "['1', '3']"),
        ("cfg.currentProfile(), cfg.profileName()", "('1', 'Main profile')"),
        ("cfg.profileName('3'), cfg.profileName(3)", "('Third = one', 'Third = one')"),
        ("cfg.include('3')", "[('/home', 0), ('/etc/fstab', 1)]"),
        ("cfg.exclude('3'), cfg.isConfigured('3'), cfg.isConfigured('1')", "([], True, False)"),
        ("cfg.noSnapshotOnBattery('3'), cfg.noSnapshotOnBattery(), cfg.bwlimit('3')", "(True, False, 3000)"),
        ("cfg.userCallbackNoLogging('3'), cfg.userCallbackNoLogging()", "(True, False)"),
        ("cfg.setCurrentProfile('3'), cfg.currentProfile(), cfg.setCurrentProfile('2')", "(True, '3', False)"),
        ("cfg.takeSnapshotUserCallback() == PATH.removesuffix('config') + 'user-callback'", "True"),
        ("cfg.removeOldSnapshots('3'), cfg.smartRemove('3')", "((True, 10, 80), (False, 2, 7, 4, 24))"),
        ("cfg.profileStrValue('nothing', 'x', '3'), cfg.hasProfileKey('name', '3')", "('x', True)"),
    ],
)
def test_a_configuration(tmp_path: Path, expression: str, value: str) -> None:
    path = tmp_path / "config"
    path.write_text(CONFIG)
    assert (
        ran(
            f"from config import Config\nPATH = {str(path)!r}\ncfg = Config(PATH)\nvalue = ({expression})\nprint(value)"
        )
        == f"{value}\n"
    )


def configured(code: str, expression: str) -> str:
    """Return what an expression is worth after code, with three profiles."""
    head = "from configfile import ConfigFileWithProfiles\ncfg = ConfigFileWithProfiles('Main')\n"
    return ran(f"{head}cfg.addProfile('foo'); cfg.addProfile('bar')\n{code}\nvalue = ({expression})\nprint(value)")[:-1]


@pytest.mark.parametrize(
    ("code", "expression", "value"),
    [
        ("", "cfg.profiles(), cfg.profileName('3')", "(['1', '2', '3'], 'bar')"),
        ("cfg.removeProfile('2')", "cfg.profiles(), cfg.addProfile('baz'), cfg.addProfile('bar')", None),
        (
            "cfg.setCurrentProfile('3'); cfg.removeProfile()",
            "cfg.currentProfile(), cfg.profiles()",
            "('1', ['1', '2'])",
        ),
        (
            "cfg.removeProfile('2'); cfg.removeProfile('3')",
            "cfg.removeProfile('1'), cfg.removeProfile(9)",
            "(False, False)",
        ),
        (
            "",
            "cfg.setProfileName('foo', '3'), cfg.setProfileName('new', 3), cfg.profileName(3)",
            "(False, True, 'new')",
        ),
        (
            "cfg.dict.clear(); cfg.setListValue('a', 'int:n', [5, 6, 7]); cfg.setListValue('a', 'int:n', [5])",
            "cfg.dict",
            None,
        ),
        (
            "cfg.setProfileListValue('x', ('str:value', 'int:type', 'bool:on'), [('a', 1, True), ('b', 2)], '2')",
            "cfg.profileListValue('x', ('str:value', 'int:type', 'bool:on'), [], '2')",
            "[('a', 1, True), ('b', 2, False)]",
        ),
        (
            "cfg.dict = {'foo': '1', 'bar': '2'}; cfg.remapKeyRegex('^f', 'g'); cfg.remapKey('bar', 'x')\n"
            "cfg.remapKey('x', 'goo')",
            "cfg.dict",
            None,
        ),
        ("", "cfg.profileKey('foo'), cfg.profileKey('foo', 3)", "('profile1.foo', 'profile3.foo')"),
    ],
)
def test_what_is_set_holds_in_this_process(code: str, expression: str, value: str | None) -> None:
    known = {
        "cfg.profiles(), cfg.addProfile('baz'), cfg.addProfile('bar')": "(['1', '3'], '2', None)",
        "cfg.dict": "{'a.size': '1', 'a.1.n': '5'}" if "setListValue" in code else "{'goo': '1', 'x': '2'}",
    }
    assert configured(code, expression) == (value or known[expression])


@pytest.mark.parametrize("call", ["'aaa', 'dict:value', ['a']", "'aaa', 1, ['a']", "'aaa', 'str:value', 'foo'"])
def test_what_is_no_list_is_not_set(call: str) -> None:
    assert (
        configured(
            f"try:\n    cfg.setListValue({call})\nexcept TypeError:\n    print('refused')", "cfg.hasKey('aaa.size')"
        )
        == "refused\nFalse"
    )


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("cfg.sshPort(), cfg.setSshPort(23), cfg.sshPort(), cfg.sshPort('2')", "(22, None, 23, 22)"),
        (
            "cfg.setInclude([('/a', 0)]), cfg.include(), cfg.setExclude(['*.o']), cfg.exclude()",
            "(None, [('/a', 0)], None, ['*.o'])",
        ),
        (
            "cfg.lastSnapshotSymlink(), cfg.restoreLogFile()",
            "('/target/backintime/host/me/1/last_snapshot', '/nowhere/restore_.log')",
        ),
        ("cfg.pid() == str(__import__('os').getpid()), bool(cfg.user())", "(True, True)"),
        ("sid.info.strValue('snapshot_machine', 'none')", "none"),
    ],
)
def test_more_of_a_configuration(expression: str, value: str) -> None:
    assert ran(f"{SID}\nvalue = ({expression})\nprint(value)") == f"{value}\n"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("tools.mountpoint('/proc/self'), tools.filesystem('/proc/self')", "('/proc', 'proc')"),
        ("tools.mountArgs('/proc')[1:3], bool(tools.device('/'))", "(['/proc', 'proc'], True)"),
        ("tools.readFileLines(FILE), tools.readFileLines('/no/such', ['x'])", "(['a', 'b'], ['x'])"),
        ("tools.md5sum(FILE)", "dd8c6a395b5dd36c56d23275028f526c"),
        (
            "tools.writeTimeStamp(FILE), tools.readTimeStamp(FILE).year > 2000, tools.readTimeStamp('/no')",
            "(None, True, None)",
        ),
        (
            "tools.camelCase('foo_bar'), tools.escapeIPv6Address('::1'), tools.escapeIPv6Address('h')",
            "('FooBar', '[::1]', 'h')",
        ),
        ("tools.processPaused(os.getpid()), bool(tools.processStat(1)), tools.processStat(0)", "(False, True, '')"),
        ("os.getpid() in tools.pidsWithName(tools.processName(os.getpid()))", "True"),
        ("'-c' in tools.processCmdline(os.getpid()).split('\\n')", "True"),
        ("tools.onBattery() in (True, False), tools.powerStatusAvailable() in (True, False)", "(True, True)"),
        ("tools.isRoot() == (os.geteuid() == 0), tools.tempFailureRetry(max, 1, 2)", "(True, 2)"),
    ],
)
def test_more_tools(tmp_path: Path, expression: str, value: str) -> None:
    file = tmp_path / "file"
    file.write_text("a\nb\n")
    assert ran(f"import os, tools\nFILE = {str(file)!r}\nvalue = ({expression})\nprint(value)") == f"{value}\n"


def test_snapshots_that_can_be_looked_at(tmp_path: Path) -> None:
    place = tmp_path / "backintime/host/me/1"
    for name, inside in (
        ("20151219-010324-123", "backup"),
        ("20151219-020324-123", ""),
        ("20151219-030324-123", "backup"),
    ):
        (place / name / inside).mkdir(parents=True)
    (place / "20151219-010324-123" / "info").write_text("snapshot_machine=host\n")
    code = f"{SID}\nimport snapshots\ncfg.dict['profile1.snapshots.path'] = {str(tmp_path)!r}\n"
    assert ran(code + "print(snapshots.listSnapshots(cfg), sid.info.strValue('snapshot_machine'))") == (
        "[20151219-030324-123, 20151219-010324-123] host\n"
    )


MANAGER = """
import sys, tools
from config import Config
from pluginmanager import PluginManager
tools.set_root(sys.argv[1] if len(sys.argv) > 1 else ROOT)
manager = Config.PLUGIN_MANAGER
manager.load(cfg=Config("/nowhere/config", "/nowhere"))
"""


def test_the_manager_loads_and_calls_as_the_original(tmp_path: Path) -> None:
    folder = tmp_path / "plugins"
    folder.mkdir()
    plugin = (
        "import pluginmanager, exceptions\n"
        "class P(pluginmanager.Plugin):\n"
        "    def processBegin(self): print('begin', __name__)\n"
        "    def processEnd(self): print('end', __name__)\n"
        "    def error(self, code, message): print(code, repr(message), __name__)\n"
        "    def message(self, *given): print(given)\n"
        "    def mount(self, profileID=None): print('mount', profileID, __name__)\n"
    )
    (folder / "b.py").write_text(plugin)
    (folder / "a.py").write_text(plugin + "    def isGui(self): return True\n")
    (folder / "c.py").write_text(
        "import pluginmanager, exceptions\nclass P(pluginmanager.Plugin):\n"
        "    def processBegin(self): raise exceptions.StopException('no')\n"
    )
    (folder / "d.py").write_text("raise KeyboardInterrupt('x')\n")
    code = f"ROOT = {str(tmp_path)!r}\n{MANAGER}\n" + (
        "manager.load()\n"  # at once
        "print(len(manager.plugins), manager.hasGuiPlugins, manager.loaded)\n"
        "manager.mount('1')\nprint(manager.processBegin())\nmanager.error(2)\nmanager.message('1', 'n', 0, 't')\n"
        "manager.processEnd()\n"
    )
    assert ran(code, PYTHONUNBUFFERED="1").splitlines() == [
        *("3 True True", "mount 1 b", "mount 1 a", "begin a", "begin b", "False", "2 '' a", "2 '' b"),
        *("('1', 'n', 0, 't', -1)", "('1', 'n', 0, 't', -1)", "end b", "end a"),
        "ERROR: Failed to load plugin d.py: x",
        "ERROR: Plugin c processBegin failed: no",
    ]


def test_tools_and_the_rest(tmp_path: Path) -> None:
    code = (
        "import tools, builtins, mount, backintime, applicationinstance, snapshotlog, exceptions\n"
        "print(tools.checkCommand('sh'), tools.checkCommand('no-such'), tools.checkXServer())\n"
        "print(tools.is_Qt_working(systray_required=True), _('text'), ngettext('a', 'b', 2))\n"
        "print(issubclass(exceptions.StopException, exceptions.BackInTimeException), backintime.RETURN_NO_CFG)\n"
        f"one = applicationinstance.ApplicationInstance({str(tmp_path / 'lock')!r})\n"
        f"print(applicationinstance.ApplicationInstance({str(tmp_path / 'lock')!r}, False).check())\n"
        "one.exitApplication()\n"
    )
    assert ran("import tools\ntools.initiate_translation(None)\n" + code) == (
        "True False False\nFalse text b\nTrue 2\nFalse\n"
    )
