"""Flights: what is being fetched, by one thread, while any number wait for it."""

import threading
from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class Flight:
    """One thing on its way."""

    __slots__ = ("_arrived", "_outcome", "waiting")

    def __init__(self) -> None:
        self._arrived = threading.Event()
        self._outcome: bytes | BaseException | None = None
        self.waiting = 0
        """How many have begun to wait for it, so far."""

    def result(self) -> bytes:
        """Wait for it; raises what kept it from coming."""
        self._arrived.wait()
        if isinstance(self._outcome, bytes):
            return self._outcome
        assert self._outcome is not None
        raise self._outcome

    def arrive(self, outcome: bytes | BaseException) -> None:
        """Let those who wait go on."""
        self._outcome = outcome
        self._arrived.set()


class Flights(Generic[K]):
    """All that is on its way. Threads share it, and no lock is held while anything is fetched."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[K, Flight] = {}

    def claim(self, keys: Iterable[K]) -> tuple[dict[K, Flight], dict[K, Flight]]:
        """Return flights for these: those that the caller is to fetch, and those that others do."""
        mine, others = {}, {}
        with self._lock:
            for key in keys:
                flight = self._flights.get(key)
                if flight is None:
                    mine[key] = self._flights[key] = Flight()
                else:
                    flight.waiting += 1
                    others[key] = flight
        return mine, others

    @property
    def waiting(self) -> int:
        """How many wait for what others fetch."""
        with self._lock:
            return sum(flight.waiting for flight in self._flights.values())

    def land(self, key: K, outcome: bytes | BaseException) -> None:
        """Say what became of one that the caller fetched."""
        with self._lock:
            flight = self._flights.pop(key, None)
        if flight is not None:
            flight.arrive(outcome)
