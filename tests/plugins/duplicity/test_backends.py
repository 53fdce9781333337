"""Backends of duplicity, unmodified, against real servers: the whole contract, and the life of a repository."""

import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from tests.backend_contract import NAMES
from tests.living import live
from tests.plugins.duplicity.contract import DuplicityContract, emptied
from tests.plugins.duplicity.places import FILES, PLACES, Place, Servers, running, settle

from yester.engine.errors import Missing
from yester.engine.store import Store
from yester.plugins.backends.proving.by_method import raw_of
from yester.plugins.backends.proving.outcome import Verdict
from yester.plugins.backends.proving.suite import METHODS, Check, outcome
from yester.plugins.backends.proving.trial import Trial
from yester.plugins.backends.registry import open_store

pytestmark = [pytest.mark.servers, pytest.mark.timeout(900)]

BY_PROMPT = "ssh-pexpect"
"""Reads what sftp shows to a person: seconds for each call, too slow for whole suites."""
SLOW = frozenset({"rclone", "rsync", "lftp-webdav"})
"""Start programs for each call, which takes most of a second: the files of one age will do."""
SAME_OLD = frozenset({"par2", "multi-mirror", "multi-stripe", "lftp-ftp", "webdav"})
"""In their older files a repository lives, as in all; the suites they have passed, and nothing in them changes now."""
OF_BOTH_AGES = [f"{kind} of {era}" for kind, era in product(PLACES, FILES) if kind != BY_PROMPT]
LIVED_IN = [each for each in OF_BOTH_AGES if each.partition(" ")[0] not in SLOW or each.endswith(" 3")]
TRIED = [each for each in LIVED_IN if each.partition(" ")[0] not in SAME_OLD or each.endswith(" 3")]


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    with running() as servers:
        yield servers


@pytest.fixture
def short() -> Iterator[Path]:
    """An empty folder with a short path: pexpect's backend talks to a terminal, which breaks long lines."""
    with TemporaryDirectory(prefix="y") as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def kind(request: pytest.FixtureRequest, servers: Servers) -> Iterator[str]:
    """Let a backend be used; return its name among the places."""
    kind, era = request.param.split(" of ")
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory(prefix="y") as home:
        settle(patch, servers, era, Path(home))
        yield kind


@pytest.fixture(scope="module")
def opened(kind: str, servers: Servers) -> Iterator[tuple[Store, Store]]:
    """One place, opened twice."""
    with TemporaryDirectory(prefix="y") as folder:
        yield from _opened(PLACES[kind](servers, Path(folder) / "place"))


def _opened(place: Place) -> Iterator[tuple[Store, Store]]:
    stores = open_store(place.url, create=True), open_store(place.url)
    yield stores
    for store in stores:
        store.close()


class _OnServers(DuplicityContract):
    MANY = 20

    @pytest.fixture
    def store(self, opened: tuple[Store, Store]) -> Store:
        return emptied(opened[0])

    @pytest.fixture
    def other(self, opened: tuple[Store, Store]) -> Store:
        return opened[1]

    @pytest.mark.parametrize("check", METHODS, ids=lambda check: check.name)
    def test_its_method_does_what_it_should(self, check: Check, store: Store) -> None:
        raw = raw_of(store)
        assert raw is not None
        found = outcome(check, Trial(store, store, NAMES, time.perf_counter, raw=raw))
        assert found.verdict is (Verdict.YES if check.name in raw.methods else Verdict.UNTRIED), found


@pytest.mark.parametrize("kind", [each for each in TRIED if each.partition(" ")[0] not in SLOW], indirect=True)
class TestQuick(_OnServers):
    pass


@pytest.mark.parametrize("kind", [each for each in TRIED if each.partition(" ")[0] in SLOW], indirect=True)
class TestSlow(_OnServers):
    FEW = True
    MANY = 10


@pytest.mark.parametrize("kind", LIVED_IN, indirect=True)
def test_a_repository_lives_there(kind: str, servers: Servers, tmp_path: Path, short: Path, fuse: None) -> None:
    place = PLACES[kind](servers, short / "place")
    live(place.url, tmp_path / "source", tmp_path, place.packs)


@pytest.mark.parametrize("kind", [f"{BY_PROMPT} of 3"], indirect=True)
def test_objects_are_kept_by_prompt(opened: tuple[Store, Store]) -> None:
    store, other = emptied(opened[0]), opened[1]
    objects = {"config": b"x", "data.1": bytes(range(256)) * 300, "meta.2": b""}
    for name, content in objects.items():
        store.put(name, [content])
    assert set(other.list()) == set(objects)
    assert {name: other.get(name) for name in objects} == objects
    store.delete("data.1")
    assert set(other.list()) == {"config", "meta.2"}
    with pytest.raises(Missing):
        other.get("data.1")
