"""Ask the catalogue of million_paths.py by way of `yester serve`, as the terminal program does while a person types.

    searching.py [--files N] [--snapshots N] [--folder F]

The server is a process of its own and speaks its protocol over pipes; in the place of the repository it has the
synthetic one, whose snapshots the catalogue knows already. A row is there when its line was read.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmarks.million_paths import _SEARCHES, Synthetic, Update, _take_in

from yester.engine.places import Places
from yester.engine.schedule.machine import Machine
from yester.engine.schedule.starters import Starters
from yester.tui.serve.app import AppPlugins
from yester.tui.serve.desk import Desk
from yester.tui.serve.methods.params import Where
from yester.tui.serve.repositories import Repositories, _Open
from yester.tui.serve.serving import Server

ROWS = 200
"""What the terminal program asks for."""
PAUSE_S = 0.08
"""Between two keys of somebody who types fast."""


class _Synthetic(Repositories):
    """Has one repository, which is the synthetic one."""

    def __init__(self, places: Places, plugins: AppPlugins, update: Update) -> None:
        super().__init__(places, plugins, None)
        self._only = _Open(update, None)  # type: ignore[arg-type]  # as much of a repository as the catalogue needs

    def _open(self, asked: Where) -> _Open:
        return self._only


def _serve(update: Update, requests: int, answers: int) -> None:
    places = Places.default()
    plugins = AppPlugins(places)
    Server(Desk(places, plugins, _Synthetic(places, plugins, update), Starters(Machine.this(places)))).serve(
        requests, answers
    )


class Client:
    """Asks the server."""

    def __init__(self, requests: int, answers: int) -> None:
        self._requests, self._answers = requests, os.fdopen(answers, "rb")
        self._number = 0
        self._answers.readline()

    def send(self, **line: object) -> None:
        """Send a line."""
        os.write(self._requests, json.dumps(line).encode() + b"\n")

    def ask(self, text: str) -> int:
        """Look for a text, as Search does."""
        self._number += 1
        params = {"pattern": text, "limit": ROWS}
        self.send(id=self._number, method="files.find", params=params)
        return self._number

    def line(self) -> dict[str, Any]:
        """Return the next line."""
        found: dict[str, Any] = json.loads(self._answers.readline())
        return found


class Asked(NamedTuple):
    """How long it took until there was a row, and until all that were wanted were there; seconds."""

    first: float | None
    last: float
    rows: int


def asked(client: Client, text: str) -> Asked:
    """Ask, and wait for all."""
    began = time.perf_counter()
    id = client.ask(text)
    return _heard(client, id, began)


def _heard(client: Client, id: int, began: float) -> Asked:
    first, rows = None, 0
    while True:
        line = client.line()
        if line["id"] != id:
            continue
        if "item" not in line:
            return Asked(first, time.perf_counter() - began, rows)
        first, rows = first or time.perf_counter() - began, rows + 1


def typed(client: Client, text: str, pause_s: float) -> Asked:
    """Type a text, each key giving up the search before; return how the last one went, from its key on."""
    last, began = 0, 0.0
    for end in range(1, len(text) + 1):
        if last:
            time.sleep(pause_s)
            client.send(cancel=last)
        began = time.perf_counter()
        last = client.ask(text[:end])
    return _heard(client, last, began)


@contextmanager
def served(update: Update) -> Iterator[Client]:
    """Start the server for the block."""
    to_server, from_server = os.pipe(), os.pipe()
    process = get_context("fork").Process(target=_serve, args=(update, to_server[0], from_server[1]), daemon=True)
    process.start()
    client = Client(to_server[1], from_server[0])
    try:
        yield client
    finally:
        process.kill()
        process.join()


def rows(client: Client) -> Iterator[tuple[str, Asked]]:
    """Yield what was measured."""
    yield "the first one, which opens the catalogue", asked(client, "zzz")
    worst: Callable[[Asked], float] = lambda each: each.first or each.last  # noqa: E731
    for words, text, _ in _SEARCHES:
        yield words, sorted((asked(client, text) for _ in range(5)), key=worst)[2]
    for text in ("report", "budget-*-33.p*", "é文", "qzx"):
        for words, pause_s in (("a key each 80 ms", PAUSE_S), ("all keys at once", 0.0)):
            found = sorted((typed(client, text, pause_s) for _ in range(5)), key=worst)
            yield f"`{text}` typed, {words}: after the last key (the worst of five)", found[-1]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--snapshots", type=int, default=100)
    parser.add_argument("--folder", type=Path, default=Path("/var/tmp"), help="where the catalogue is made")
    options = parser.parse_args()
    with TemporaryDirectory(dir=options.folder) as folder:
        cache = Path(folder) / "cache"
        cache.mkdir()
        history = Synthetic(cache, options.files)
        for figure in _take_in(history, cache, options.snapshots):
            print(f"| {figure.what} | {figure.words} |", flush=True)
        with served(history.update_of()) as client:
            for words, found in rows(client):
                first = f"{1000 * found.first:.1f} ms" if found.first is not None else "-"
                print(f"| {words} | {first} | {1000 * found.last:.1f} ms | {found.rows} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
