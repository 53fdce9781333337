"""Connections to one server: a call has one to itself, and calls at the same time have several.

A connection more is made when all are in use, up to MOST. Where the server, or the lack of a person to ask, allows no
more, those that there are have to do. One that is lost, or that a failed call has left in the middle of something, is
ended.
"""

import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from yester.engine.errors import StoreError
from yester.plugins.backends.sftp.connection import Connection

MOST = 4
"""Each is a process here and one there; beyond four nothing got faster on a loopback."""


class Pool:
    """Connections that are lent out."""

    def __init__(self, connect: Callable[[bool], Connection], most: int = MOST) -> None:
        """`connect` makes a connection; its argument: a person may be asked, which is done once."""
        self._connect, self._most = connect, most
        self._asking = True
        self._free: list[Connection] = []
        self._count = 0
        self._closed = False
        self._change = threading.Condition()
        # A store that nobody closed must not leave processes.
        self._finalizer = weakref.finalize(self, _close_all, self._free)

    @contextmanager
    def lend(self) -> Iterator[Connection]:
        """Lend a connection for the time of the block. StoreError."""
        connection = self._take() or self._made()
        while not connection.is_alive():
            connection.close()
            self._give_back(connection)
            connection = self._take() or self._made()
        try:
            yield connection
        finally:
            self._give_back(connection)

    @property
    def is_connected(self) -> bool:
        """Whether a connection is there to be lent at once."""
        with self._change:
            return any(connection.is_sound and connection.is_alive() for connection in self._free)

    def close(self) -> None:
        """End all connections; those that are lent out when they come back."""
        with self._change:
            self._closed = True
            self._change.notify_all()
        self._finalizer()

    def _take(self) -> Connection | None:
        """Return a free connection, after waiting for one where need be; None when one is to be made."""
        with self._change:
            while True:
                if self._closed:
                    raise StoreError("The connection is closed")
                while self._free:
                    connection = self._free.pop()
                    if connection.is_sound:
                        return connection
                    self._count -= 1
                    connection.close()
                if self._count < self._most:
                    self._count += 1
                    return None
                self._change.wait()

    def _made(self) -> Connection:
        """Make a connection, for which _take has counted; where that fails, wait for one that there is."""
        with self._change:
            asking, self._asking = self._asking, False
        try:
            return self._connect(asking)
        except BaseException as problem:
            with self._change:
                self._count -= 1
                self._change.notify_all()
                alone = self._count == 0
                if isinstance(problem, StoreError) and not problem.transient and not alone:
                    self._most = self._count
            if alone or not isinstance(problem, StoreError):
                raise
        return self._take() or self._made()

    def _give_back(self, connection: Connection) -> None:
        with self._change:
            keep = connection.is_sound and not self._closed
            if keep:
                self._free.append(connection)
            else:
                self._count -= 1
            self._change.notify()
        if not keep:
            connection.close()


def _close_all(connections: list[Connection]) -> None:
    while connections:
        connections.pop().close()
