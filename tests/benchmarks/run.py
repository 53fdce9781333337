"""Measure yester beside restic, borg and the plainest tools, and write the results as Markdown.

    run.py [--groups small,big,history,million,catalogue,hooks,tui,far,upload,cluster] [--files N] [--mib N]
           [--repetitions N] [--tools a,b] [--save FILE] [--write docs/benchmarks.md]
    run.py --show FILE [--show FILE]... [--write docs/benchmarks.md]

Runs for some twenty-five minutes with the defaults on two cores. Nothing else should run meanwhile.
"""

import argparse
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmarks.groups import Bench, Plan
from tests.benchmarks.measures import Measures
from tests.benchmarks.recorder import Recorder
from tests.benchmarks.report import render
from tests.benchmarks.results import Results, merged
from tests.benchmarks.tools import TOOLS, Tool
from tests.benchmarks.workarea import GIB, WorkAreaBusy, work_area

ROOT = Path(__file__).resolve().parents[2]
BEGIN, END = "<!-- measured -->", "<!-- /measured -->"


def main() -> int:
    """Run, or show what earlier runs saved."""
    options = parse()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop)
    try:
        results = merged(map(Results.load, options.show)) if options.show else run(options)
    except WorkAreaBusy as error:
        print(error, file=sys.stderr)
        return 1
    page = render(results, options.subject or next(iter(results.tools)))
    print(page)
    if options.write:
        write_between(options.write, page)
    return 1 if any(sample.error for sample in results.samples) else 0


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--groups", default="small,big,history")
    parser.add_argument("--tools", default=",".join(tool.name for tool in TOOLS))
    parser.add_argument("--subject", help="the tool that is held against the others (default: the first one)")
    parser.add_argument("--files", type=int, default=50_000, help="files of the set small")
    parser.add_argument("--mib", type=int, default=2048, help="size of the set big")
    parser.add_argument("--million", type=int, default=1_000_000, help="files of the set million")
    parser.add_argument("--history", type=int, default=1000, help="snapshots in the group history")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--budget", type=float, default=150, help="seconds a tool may spend on repeating one measure")
    parser.add_argument("--limit", type=float, default=300, help="seconds after which a command on a mount is given up")
    parser.add_argument("--work", type=Path, default=Path("/var/tmp/yester-bench"), help="where the measuring happens")
    parser.add_argument("--gib", type=int, default=48, help="most that the work area may take (it is sparse)")
    parser.add_argument("--peers", type=Path, default=Path(os.environ.get("PEERS", ROOT / "build/peers")))
    parser.add_argument("--save", type=Path, help="keep the results as JSON")
    parser.add_argument("--show", type=Path, action="append", help="render saved results instead of measuring")
    parser.add_argument("--write", type=Path, help="a page whose measured part is replaced")
    return parser.parse_args()


def run(options: argparse.Namespace) -> Results:
    """Measure what the options ask for."""
    plan = Plan(options.files, options.mib, options.million, options.history, options.repetitions)
    results = Results()
    recorder = Recorder(results, say, options.budget)
    with work_area(options.work, options.gib * GIB) as (area, kind):
        tools = find_tools(options.tools.split(","), area, options.peers)
        results.machine = machine(kind, options)
        results.tools = {tool.name: tool.version() for tool in tools}
        try:
            Bench(area, tools, plan, recorder, Measures(recorder, options.limit)).run(options.groups.split(","))
        finally:
            if options.save:
                results.save(options.save)
    return results


def find_tools(names: Sequence[str], area: Path, peers: Path) -> list[Tool]:
    """The tools asked for that are there; the peers are installed when they are not."""
    wanted = [kind(area / "tools" / kind.name, peers) for kind in TOOLS if kind.name in names]
    absent = [tool.name for tool in wanted if not tool.installed and tool.name in ("restic", "borg", "bindfs")]
    if absent:
        say(f"installing {', '.join(absent)} into {peers}")
        subprocess.run([str(Path(__file__).with_name("install-peers.sh")), str(peers), *absent], check=False)
    for tool in wanted:
        tool.reset()
        if not tool.installed:
            say(f"{tool.name} is not there: no column for it")
    return [tool for tool in wanted if tool.installed]


def machine(kind: str, options: argparse.Namespace) -> dict[str, str]:
    """What the figures depend on."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / GIB
    return {
        "measured": time.strftime("%Y-%m-%d"),
        "machine": f"{os.cpu_count()} cores, {memory:.1f} GiB, Linux {platform.release().split('-')[0]}, {kind}",
        "Python": platform.python_version(),
        "repetitions": f"{options.repetitions}, tools in turn, page cache warm, nothing synced after a command",
    }


def write_between(path: Path, text: str) -> None:
    """Replace what stands between the two marks of a page."""
    before, _, rest = path.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n{text}{END}{after}")


def say(text: str) -> None:
    """Report progress."""
    print(time.strftime("%H:%M:%S"), text, file=sys.stderr, flush=True)


def stop(number: int, _: FrameType | None) -> None:
    """Unwind, so that everything is ended, unmounted and removed; once."""
    for other in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(other, signal.SIG_IGN)
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
