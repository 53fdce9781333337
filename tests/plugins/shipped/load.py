"""Somebody who writes to a database without a break, and knows what was committed."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from yester.plugins.quiescing.failing import Failed
from yester.plugins.quiescing.sessions import Session

TABLES = "CREATE TABLE {} (id INTEGER PRIMARY KEY, text VARCHAR(2000))"


class Load:
    """Adds a row to each of two tables in each transaction, until it is told to stop or the server goes."""

    def __init__(self, connect: Callable[[], Session], first: int = 0) -> None:
        """Begin to write from a number on."""
        self.committed = first
        self._connect = connect
        self._stop, self._some = threading.Event(), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._write)
        self._thread.start()

    def wait(self, rows: int) -> int:
        """Wait until so many more rows are committed; return how many there are in all."""
        for _ in range(rows):
            assert self._some.acquire(timeout=60)
        return self.committed

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _write(self) -> None:
        try:
            with self._connect() as session:
                while not self._stop.is_set():
                    number = self.committed
                    session.ask("BEGIN")
                    for table, letter in (("debit", "x"), ("credit", "y")):
                        session.ask(f"INSERT INTO {table} VALUES ({number}, '{letter * 1500}')")
                    session.ask("COMMIT")
                    self.committed = number + 1
                    self._some.release()
        except Failed:
            return  # the server was stopped


@contextmanager
def writing(connect: Callable[[], Session]) -> Iterator[Load]:
    """Write for the block; the tables are made."""
    with connect() as session:
        for table in ("debit", "credit"):
            session.ask(TABLES.format(table))
    load = Load(connect)
    try:
        yield load
    finally:
        load.stop()


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def check_rows(session: Session, at_least: int, at_most: int) -> None:
    """Fail unless each transaction is there whole or not at all, and those that were committed are."""
    debits, credits = ([int(line) for line in session.ask(f"SELECT id FROM {t} ORDER BY id")] for t in TWO)
    assert debits == credits == [*range(len(debits))]
    assert at_least <= len(debits) <= at_most
    for table in TWO:
        assert session.ask(f"SELECT count(*) FROM {table} WHERE length(text) = 1500") == [str(len(debits))]


TWO = ("debit", "credit")
