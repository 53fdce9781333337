"""Plugins that are asked about every file and say nothing: what being asked costs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from tests.benchmarks.measures import Measures
from tests.benchmarks.processes import measure
from tests.benchmarks.recorder import Recorder, Turn

_NATIVE = """
from yester.plugins.native import Plugin

class Trivial(Plugin):
    def on_entry(self, entry):
        pass
"""
_KIWI = """
def on_file(kfile, context):
    pass
"""
_LOOKING = """
from yester.plugins.native import Plugin

class Looking(Plugin):
    def on_entry(self, entry):
        if entry.name.endswith(".none"):
            entry.skip()
"""

PLUGINS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "": ("", ""),
        ", no file hook": ("native/other.py", "from yester.plugins.native import Plugin\n\nclass Other(Plugin): ...\n"),
        ", native hook": ("native/trivial.py", _NATIVE),
        ", native hook that looks at names": ("native/looking.py", _LOOKING),
        ", Kiwi hook": ("kiwi/trivial/__init__.py", _KIWI),
    }
)
"""How a measure's name goes on → the plugin's file and its text."""


def measure_hooks(measures: Measures, record: Recorder, turns: Sequence[Turn]) -> None:
    """Take a first and an unchanged snapshot with each plugin; each repetition begins with another one."""
    for turn in turns:
        names = list(PLUGINS)
        start = turn.repetition % len(names)
        for name in [*names[start:], *names[:start]]:
            turn.tool.reset()
            _put(turn.tool.work / "home/.local/share/yester/plugins", *PLUGINS[name])
            made = measure(turn.tool.create(turn.source), turn.tool.environment())
            if made.error:
                record.add(turn, f"first{name}", made)
                continue
            measures.snapshot(turn, f"first{name}")
            measures.snapshot(turn, f"unchanged{name}")
            turn.tool.discard()


def _put(folder: Path, name: str, text: str) -> None:
    if name:
        path = folder / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
