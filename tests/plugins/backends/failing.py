"""A backend of the tests, which fails in the way that a file beside its folder says. Registered as `fails`."""

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import ClassVar

from yester.plugins.backends.contract import (
    Backend,
    BackendException,
    ErrorCode,
    FatalBackendException,
    Option,
    ParsedUrl,
    TemporaryLoadException,
)


class Fails(Backend):
    has_host = False
    threads = 3
    option_spec: ClassVar[Mapping[str, Option]] = {"token": Option("string", None, "A secret.", is_secret=True)}

    def __init__(self, parsed_url: ParsedUrl) -> None:
        self.folder = Path(parsed_url.path)
        self.orders = self.folder.with_name("orders")
        self.folder.with_name("pid").write_text(str(os.getpid()))
        self.say("init")
        self.obey("init")

    def say(self, what: str) -> None:
        with open(self.folder.with_name("calls"), "a") as file:
            file.write(f"{what}\n")

    def obey(self, method: str) -> str:
        """Do what the next order for this method says; an order stands in a file of its own."""
        for order in sorted(self.orders.glob(f"{method}-*")):
            try:
                what = order.read_text()
                order.unlink()
            except FileNotFoundError:  # another thread has taken it
                continue
            if what == "shout and die":
                print(f"the token is {self.options['token']}", flush=True)
                os._exit(9)
            elif what == "die":
                os.kill(os.getpid(), signal.SIGKILL)
            elif what == "exit":
                sys.exit(3)
            elif what == "hang":
                time.sleep(1000)
            elif what == "shout":
                print(f"the token is {self.options['token']}")
                raise BackendException(f"401 for {self.options['token']}")
            elif what == "load":
                raise TemporaryLoadException("slow down")
            elif what == "fatal":
                raise FatalBackendException("never again")
            elif what == "denied":
                raise BackendException("no", ErrorCode.PERMISSION_DENIED)
            elif what == "short" or what == "pass":
                return what
            else:
                raise BackendException(what)
        return ""

    def _put(self, source: Path, name: str) -> None:
        self.say(f"put {name}")
        order = self.obey("put")
        target = self.folder / name
        if order == "short":
            target.write_bytes(source.read_bytes()[:-1])
        else:
            shutil.copyfile(source, target)

    def _get(self, name: str, target: Path) -> None:
        self.say(f"get {name}")
        self.obey("get")
        try:
            shutil.copyfile(self.folder / name, target)
        except FileNotFoundError:
            raise BackendException("the server said 500") from None

    def _list(self) -> Iterable[str]:
        self.say("list")
        self.obey("list")
        yield from sorted(os.listdir(self.folder))

    def _delete(self, name: str) -> None:
        self.say(f"delete {name}")
        self.obey("delete")
        (self.folder / name).unlink(missing_ok=True)

    def _query(self, name: str) -> dict[str, int | None]:
        self.obey("query")
        try:
            return {"size": (self.folder / name).stat().st_size}
        except FileNotFoundError:
            return {"size": -1}

    def _retry_cleanup(self) -> None:
        self.say("cleanup")

    def _close(self) -> None:
        self.say("close")
