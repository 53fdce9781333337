"""A shipped plugin as a worker makes it, and servers that it talks to."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar

from yester.engine.events import Error, ErrorCode, Level, Message, RunBegin, RunEnd
from yester.plugins.native import Occasion, Plugin
from yester.plugins.native.checking import problems_of
from yester.plugins.options.spec import slots_of

P = TypeVar("P", bound=Plugin)

BEGIN = RunBegin("r1", "docs", "00", repository="/srv/repo", host="here")
GOOD = RunEnd("r1", "complete", profile="docs", files=3, new=2, changed=1, size=12_345, duration_ns=61_000_000_000)
ERRORS = RunEnd("r1", "errors", 3, profile="docs", files=3, failed=1)
FAILED = RunEnd("r1", "failed", 1, profile="docs")
WHY = Error(ErrorCode.FAILED, "The disk is full", "Make room.", "docs", "00")


def made(kind: type[P], *, occasion: Occasion | None = None, **options: Any) -> tuple[P, list[tuple[str, Level]]]:
    """Return a plugin with these options, and what it says."""
    assert problems_of(kind) == []
    said: list[tuple[str, Level]] = []
    plugin = kind.__new__(kind)
    plugin.name = kind.__name__.lower()
    plugin.options = {**{slot.name: slot.default for slot in slots_of(plugin.name, kind.option_spec)}, **options}
    plugin.occasion = occasion or Occasion("snap", "r1", "docs", "/srv/repo")
    plugin._tell = lambda text, level, action: said.append((text, level))
    kind.__init__(plugin)
    return plugin, said


def fails(plugin: Plugin) -> None:
    """Let a run fail after its begin."""
    plugin.on_run_begin(BEGIN)
    plugin.on_message(Message(level="error", text="Permission denied", path="/etc/x\ny"))
    plugin.on_error(WHY)
    plugin.on_run_end(FAILED)


def goes_well(plugin: Plugin) -> None:
    """Let a run end well."""
    plugin.on_run_begin(BEGIN)
    plugin.on_run_end(GOOD)


@dataclass
class Asked:
    """A request that came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Web:
    """A web server that answers with `codes`, one after the other, the last one for ever."""

    codes: list[int] = field(default_factory=lambda: [200])
    asked: list[Asked] = field(default_factory=list)
    url: str = ""


@contextmanager
def web(*codes: int) -> Iterator[Web]:
    """Serve HTTP on this machine."""
    state = Web(list(codes) or [200])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            state.asked.append(Asked(self.command, self.path, dict(self.headers), body))
            code = state.codes.pop(0) if len(state.codes) > 1 else state.codes[0]
            self.send_response(code)
            if code in (301, 302, 307):
                self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.end_headers()

        do_GET = do_POST

        def log_message(self, *about: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def silent() -> Iterator[int]:
    """Give the port of a server that takes connections and never says a word, until the end."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def closed_port() -> int:
    """Return a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port
