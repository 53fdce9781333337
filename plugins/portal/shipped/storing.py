"""What archives have in common that keep packs in a store of another kind: cold objects that a backend knows to thaw.

A copy is an object with the pack's own name, in the group `cold`, which a backend may put into another class of
storage. All that a call asks for is thawed with one request (`Store.prepare`); what is not ready yet is on its way, and
is asked for again.
"""

import hashlib
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

from yester.engine.archive.port import FileSet
from yester.engine.errors import Missing, MissingRepository, YesterError
from yester.engine.store import Readiness, Store
from yester.plugins.backends.registry import open_store
from yester.plugins.portal.interface import ArchivePlugin, Option
from yester.plugins.portal.shipped.results import Failed, Result, Results

GROUP = "cold"
_THAWING = "It is being thawed"
_STUCK = "The store cannot thaw it now"


class Storing(ArchivePlugin):
    """An archive in a store. Derived classes say which."""

    policy: ClassVar[str] = ""
    option_spec: ClassVar[Mapping[str, Option]] = {
        "url": Option("string", "", "Where copies go: the URL of a place of their own, in which no repository is."),
        "bulk": Option("boolean", False, "Packs of several requests go to one call."),
    }
    _opened: Store | None = None

    def stated(self) -> Mapping[str, Mapping[str, object]]:
        """Return options of the backend, as a profile's [backends.NAME] would have them."""
        return {}

    def address(self) -> str:
        """Return the URL. Failed where none is set."""
        if not self.options["url"]:
            raise Failed(f"It has no place; to say which: yester plugin options {self.policy} --set url=URL")
        return str(self.options["url"])

    def is_ready(self) -> bool:
        """Whether the store can be reached. Says why not by raising."""
        self._store()
        return True

    def get_policies(self) -> list[dict[str, Any]]:
        """One, for all."""
        return [{"uuid": self.policy, "name": self.name, "bulk_support": self.options["bulk"]}]

    def archive(self, file_sets: list[FileSet], policy_uuid: str, job_id: str) -> Result:
        """Put each into the store, from any path that has it whole."""
        store = self._store()
        return Results().each(file_sets, lambda file_set: _taken(store, file_set)).returned()

    def restore(self, file_sets: list[FileSet], policy_uuid: str) -> Result:
        """Have all of them thawed, and fetch those that are ready."""
        store = self._store()
        names = {file_set.item_id: _name(file_set) for file_set in file_sets}
        try:
            states = store.prepare([*names.values()])
        except YesterError as problem:
            raise Failed(str(problem)) from None
        coming = {item for item, name in names.items() if states.get(name) is Readiness.PENDING}
        stuck = {item for item, name in names.items() if states.get(name) is Readiness.FAILED}
        results = Results()
        for file_set in file_sets:
            if file_set.item_id in stuck:
                results.fail(file_set, _STUCK)
        ready = [each for each in file_sets if each.item_id not in coming | stuck]
        return results.each(ready, lambda each: _fetched(store, each)).returned(
            pending=dict.fromkeys(sorted(coming), _THAWING)
        )

    def delete(self, file_sets: list[FileSet], policy_uuid: str) -> Result:
        """Delete the objects; one that is gone is deleted."""
        store = self._store()
        return Results().each(file_sets, lambda file_set: _deleted(store, file_set)).returned()

    def _store(self) -> Store:
        """Return the store, which is made when it is not there. Failed."""
        if self._opened is None:
            try:
                self._opened = self._open(create=False)
            except YesterError as problem:
                raise Failed(f"{problem.what}. {problem.hint}" if problem.hint else problem.what) from None
        return self._opened

    def _open(self, *, create: bool) -> Store:
        try:
            return open_store(self.address(), create=create, stated=self.stated())
        except MissingRepository:
            if create:
                raise
        return self._open(create=True)


def _name(file_set: FileSet) -> str:
    return next(iter(file_set.external_ids), file_set.item_id)


def _taken(store: Store, file_set: FileSet) -> FileSet:
    why = "it names no path"
    for path in file_set.files:
        try:
            data = Path(path).read_bytes()
        except OSError as problem:
            why = f"{path}: {problem.strerror}"
            continue
        if not _is(data, file_set):
            why = f"{path} is not what it was: its SHA-1 is another"
            continue
        try:
            # Again where it was asked before: some stores would have to thaw an object to say its size.
            store.put(file_set.item_id, [data], group=GROUP)
        except YesterError as problem:
            raise Failed(str(problem)) from None
        return file_set._replace(external_ids=[file_set.item_id])
    raise Failed(why)


def _fetched(store: Store, file_set: FileSet) -> FileSet:
    target = Path(file_set.files[0])
    try:
        data = store.get(_name(file_set))
    except YesterError as problem:
        raise Failed(str(problem)) from None
    if not _is(data, file_set):
        raise Failed(f"{_name(file_set)} in {store.place} is damaged")
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}-{os.urandom(8).hex()}")
    try:
        fresh.write_bytes(data)
        os.replace(fresh, target)
    finally:
        fresh.unlink(missing_ok=True)
    return file_set


def _deleted(store: Store, file_set: FileSet) -> FileSet:
    try:
        with suppress(Missing):
            store.delete(_name(file_set))
    except YesterError as problem:
        raise Failed(str(problem)) from None
    return file_set


def _is(data: bytes, file_set: FileSet) -> bool:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest() == file_set.sha1
