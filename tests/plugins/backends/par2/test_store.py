"""Objects that are damaged below, and mended."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from blake3 import blake3
from tests.backend_contract import BackendContract
from tests.store_contract import StoreContract

from yester.engine.errors import Broken, DamageError, Denied, Missing, RepositoryError, UsageError
from yester.engine.store import RECOVERY_ENDING, Buffer, Store, let_go, mending
from yester.plugins.backends.memory import MemoryStore
from yester.plugins.backends.par2.program import BLOCKS, Par2, blocks, found_program
from yester.plugins.backends.par2.store import Par2Store
from yester.plugins.backends.registry import open_store

CONTENT = os.urandom(300_000)
NAME = f"data.{blake3(CONTENT).hexdigest()}"

Make = Callable[[Store], Par2Store]


class NoPar2(Par2):
    """Protects nothing, as quickly as that."""

    def __init__(self) -> None:
        super().__init__("none", 10)

    def protect(self, folder: Path, size: int) -> bytes:
        return b"recovery"

    def mend(self, folder: Path, recovery: bytes) -> None:
        return None


class TestPar2Store(StoreContract):
    """With the program itself the checks of backends run, below."""

    @pytest.fixture
    def store(self, home: Path) -> Iterator[Store]:
        opened = Par2Store(MemoryStore(), NoPar2(), 0)
        yield opened
        opened.close()


@pytest.mark.servers
class TestPar2Folder(BackendContract):
    MANY = 40

    @pytest.fixture
    def store(self, home: Path, tmp_path: Path) -> Iterator[Store]:
        opened = open_store(f"par2+{tmp_path.as_uri()}/repository", create=True)
        yield opened
        opened.close()


@pytest.fixture(params=["", pytest.param("/usr/bin/par2", marks=pytest.mark.servers)], ids=["package", "debian"])
def make(request: pytest.FixtureRequest, home: Path) -> Iterator[Make]:
    made: list[Par2Store] = []

    def make(store: Store, catch_up_size: int = 1 << 30) -> Par2Store:
        made.append(Par2Store(store, Par2(request.param or found_program(None, {}), 10), catch_up_size))
        return made[-1]

    yield make
    for each in made:
        each.close()


def flipped(data: bytes, *offsets: int) -> bytes:
    changed = bytearray(data)
    for offset in offsets:
        changed[offset] ^= 1
    return bytes(changed)


DAMAGES = {
    "a bit": flipped(CONTENT, 1234),
    "several": flipped(CONTENT, 0, 100_000, 299_999),
    "end lost": CONTENT[:-9_000],
    "end grown": CONTENT + b"more",
    "hole": CONTENT[:50_000] + bytes(20_000) + CONTENT[70_000:],
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_is_mended_and_put_back(make: Make, damage: str, caplog: pytest.LogCaptureFixture) -> None:
    inner = MemoryStore()
    store = make(inner)
    store.put(NAME, [CONTENT])
    assert caplog.messages == []
    inner.put(NAME, [DAMAGES[damage]])
    assert store.get(NAME) == CONTENT
    assert inner.get(NAME) == CONTENT
    assert "was damaged, and is mended" in caplog.text
    assert NAME in caplog.text


def test_what_only_the_reader_finds_damaged_is_mended_when_it_says_so(make: Make) -> None:
    inner = MemoryStore()
    store = make(inner)
    for name, content in ((NAME, CONTENT), ("session.1.0", b"small")):
        store.put(name, [content])
        inner.put(name, [flipped(content, 3)])
        part = store.get_range(name, 0, 5)
        assert part != content[:5]

        def read(name: str = name, content: bytes = content) -> bytes:
            found = store.get_range(name, 0, 5)
            if found != content[:5]:
                raise DamageError("damaged")
            return found

        assert mending(store, name, read) == content[:5]
        assert inner.get(name) == content


def test_a_sound_object_is_left_alone(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    inner = MemoryStore()
    store = make(inner)
    store.put("session.1.0", [b"small"])
    assert not let_go(store, "session.1.0")
    assert not let_go(store, "snap.1")
    assert caplog.messages == []


def test_too_much_damage_is_said_and_left(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    inner = MemoryStore()
    store = make(inner)
    store.put(NAME, [CONTENT])
    broken = bytes(100_000) + CONTENT[100_000:]
    inner.put(NAME, [broken])
    assert store.get(NAME) == broken
    assert not let_go(store, NAME)
    assert inner.get(NAME) == broken
    assert "no recovery data that mends it" in caplog.text


def test_damaged_recovery_data_does_no_harm(make: Make) -> None:
    inner = MemoryStore()
    store = make(inner)
    store.put(NAME, [CONTENT])
    recovery = inner.get(NAME + RECOVERY_ENDING)
    for wrong in (b"", b"nonsense", recovery[:500], flipped(recovery, *range(0, len(recovery), 50))):
        inner.put(NAME + RECOVERY_ENDING, [wrong])
        assert store.get(NAME) == CONTENT
        inner.put(NAME, [flipped(CONTENT, 9)])
        assert store.get(NAME) == flipped(CONTENT, 9)
        inner.put(NAME, [CONTENT])
    inner.delete(NAME + RECOVERY_ENDING)
    inner.put(NAME, [flipped(CONTENT, 9)])
    assert store.get(NAME) == flipped(CONTENT, 9)


class Odd(MemoryStore):
    """Cannot write over what is there, nor read some bytes of large objects."""

    bad = range(0)
    is_read_only = False

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        if self.is_read_only:
            raise Denied("read-only", name=name)
        super().put(name, buffers, if_absent=if_absent, group=group)

    def query(self, name: str) -> int:
        return len(super().get(name))

    def get(self, name: str) -> bytes:
        return self.get_range(name, 0, self.query(name))

    def get_range(self, name: str, offset: int, size: int) -> bytes:
        if self.query(name) > self.bad.start >= offset and self.bad and self.bad.start < offset + size:
            raise Broken("bad sector", name=name)
        return super().get(name)[offset : offset + size]


def test_what_cannot_be_put_back_is_kept(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    inner = Odd()
    store = make(inner)
    store.put(NAME, [CONTENT])
    inner.put(NAME, [flipped(CONTENT, 7)])
    inner.is_read_only = True
    assert let_go(store, NAME)
    assert store.get_range(NAME, 0, 10) == CONTENT[:10]
    assert store.get(NAME) == CONTENT
    assert store.query(NAME) == len(CONTENT)
    assert "could not be put back: read-only" in caplog.text
    store.delete(NAME)
    with pytest.raises(Missing):
        store.get(NAME)


def test_what_a_disk_cannot_read_is_mended(make: Make) -> None:
    inner = Odd()
    store = make(inner)
    content = os.urandom(2_000_000)
    name = f"data.{blake3(content).hexdigest()}"
    store.put(name, [content])
    inner.bad = range(1_000_000, 1_000_001)
    assert store.get(name) == content
    inner.delete(name + RECOVERY_ENDING)
    with pytest.raises(Broken, match="bad sector"):
        store.get(name)


def test_recovery_data_comes_and_goes_with_its_object(make: Make) -> None:
    inner = MemoryStore()
    store = make(inner)
    store.put("snap.1", [b"x"])
    store.put("empty", [])
    assert sorted(inner.list()) == ["empty", "snap.1", f"snap.1{RECOVERY_ENDING}"]
    assert sorted(store.list()) == ["empty", "snap.1"]
    store.delete("snap.1")
    assert list(inner.list()) == ["empty"]
    for ask in (store.get, store.query, store.delete, lambda name: store.put(name, [b"x"])):
        with pytest.raises(UsageError):
            ask(f"snap.1{RECOVERY_ENDING}")


def test_tidying_makes_what_lacks_and_removes_what_is_over(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    inner = MemoryStore()
    inner.put(NAME, [CONTENT])
    inner.put("snap.1", [b"x"])
    inner.put(f"snap.2{RECOVERY_ENDING}", [b"of what is gone"])
    sealed = f"snap.{'0' * 64}"
    inner.put(sealed, [b"damaged already"])
    store = make(inner)
    store.tidy()
    assert set(inner.list()) == {NAME, NAME + RECOVERY_ENDING, "snap.1", f"snap.1{RECOVERY_ENDING}", sealed}
    inner.put(NAME, [flipped(CONTENT, 5)])
    assert store.get(NAME) == CONTENT


def test_tidying_reads_no_more_than_agreed(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    inner = MemoryStore()
    inner.put("data.1", [bytes(1000)])
    inner.put("data.2", [bytes(1000)])
    store = Par2Store(inner, NoPar2(), 1500)
    store.tidy()
    assert sorted(inner.list()) == ["data.1", f"data.1{RECOVERY_ENDING}", "data.2"]
    assert "each prune makes more" in caplog.text
    store.tidy()
    assert f"data.2{RECOVERY_ENDING}" in set(inner.list())
    store.close()


@pytest.mark.parametrize(
    ("size", "redundancy", "expected"),
    [
        (1, 10, (4, 1)),
        (500, 10, (500, 1)),
        (4096, 10, (4096, 1)),
        (300_000, 10, (4096, 8)),
        (16 << 20, 10, (83888, 20)),
        (16 << 20, 1, (83888, 2)),
        (16 << 20, 100, (83888, 200)),
    ],
)
def test_blocks(size: int, redundancy: int, expected: tuple[int, int]) -> None:
    block, count = blocks(size, redundancy)
    assert (block, count) == expected
    assert block % 4 == 0
    assert -(-size // block) <= BLOCKS


# Opening


def test_options_are_not_the_inner_urls(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"par2+{tmp_path.as_uri()}/repository"
    monkeypatch.setenv("YESTER_PAR2_REDUNDANCY", "0")
    with pytest.raises(UsageError, match="redundancy"):
        open_store(url, create=True)
    monkeypatch.setenv("YESTER_PAR2_REDUNDANCY", "50")
    store = open_store(url, create=True)
    store.put(NAME, [CONTENT])
    [recovery] = (tmp_path / "repository").glob(f"data/*/*{RECOVERY_ENDING}")
    assert recovery.stat().st_size > 150_000
    assert store.place == url
    store.close()


def test_no_par2_is_said(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YESTER_PAR2_PROGRAM", "/none")
    with pytest.raises(RepositoryError, match="not installed") as caught:
        open_store(f"par2+{tmp_path.as_uri()}/repository", create=True)
    assert "apt install par2" in caught.value.hint
    assert not (tmp_path / "repository").exists()


def test_a_program_that_is_not_par2_is_said(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YESTER_PAR2_PROGRAM", "/bin/false")
    store = open_store(f"par2+{tmp_path.as_uri()}/repository", create=True)
    with pytest.raises(Broken, match="par2 create failed"):
        store.put(NAME, [CONTENT])
    assert list(store.list()) == []
    store.close()


def test_a_program_that_stands_still_is_not_waited_for_for_ever(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    still = tmp_path / "still"
    still.write_text("#!/bin/sh\nexec sleep 600\n")
    still.chmod(0o755)
    monkeypatch.setattr("yester.plugins.backends.par2.program.LIMIT_S", 0.2)
    with pytest.raises(Broken, match=r"par2 create did not end within 0\.2 s"):
        Par2(str(still), 10).protect(tmp_path, 100)
