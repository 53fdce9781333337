"""Objects that are there whole or not at all, on a backend that writes into place."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.duplicity.conftest import Import

from yester.plugins.duplicity.whole import MARK, SEAL_SIZE, Whole


class Gone(Exception):
    """What was asked for is not there."""

    code = 52


class Folder:
    """Writes under the name itself; `stop` is called when half of a file is there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stop: Callable[[bytes], None] = lambda name: None

    def at(self, name: bytes) -> Path:
        return self.folder / os.fsdecode(name)

    def _put(self, source: Any, name: bytes) -> None:
        content = Path(os.fsdecode(source.name)).read_bytes()
        self.at(name).write_bytes(content[: len(content) // 2])
        self.stop(name)
        self.at(name).write_bytes(content)

    def _get(self, name: bytes, target: Any) -> None:
        Path(os.fsdecode(target.name)).write_bytes(self.at(name).read_bytes())

    def _list(self) -> list[str]:
        return os.listdir(self.folder)

    def _delete(self, name: bytes) -> None:
        self.at(name).unlink(missing_ok=True)

    def _query(self, name: bytes) -> dict[str, int]:
        return {"size": self.at(name).stat().st_size if self.at(name).exists() else -1}


@pytest.fixture
def raw(tmp_path: Path) -> Folder:
    (tmp_path / "there").mkdir()
    return Folder(tmp_path / "there")


@pytest.fixture
def made(duplicity: Import) -> Callable[[Any], Whole]:
    path = duplicity("duplicity.path").Path
    return lambda raw: Whole(raw, lambda operation, attempt: attempt(), path, Gone)


@pytest.fixture
def put(duplicity: Import, tmp_path: Path) -> Callable[[Whole, bytes, bytes], None]:
    def put(whole: Whole, name: bytes, content: bytes) -> None:
        (tmp_path / "source").write_bytes(content)
        whole._put(duplicity("duplicity.path").Path(str(tmp_path / "source")), name)
        assert (tmp_path / "source").read_bytes() == content

    return put


@pytest.fixture
def get(duplicity: Import, tmp_path: Path) -> Callable[[Whole, bytes], bytes]:
    def get(whole: Whole, name: bytes) -> bytes:
        whole._get(name, duplicity("duplicity.path").Path(str(tmp_path / "target")))
        return (tmp_path / "target").read_bytes()

    return get


@pytest.mark.parametrize("content", [b"", b"x", os.urandom((1 << 20) + 5)])
def test_what_is_put_comes_back(raw: Folder, made: Any, put: Any, get: Any, content: bytes) -> None:
    whole = made(raw)
    put(whole, b"data.1", content)
    assert get(whole, b"data.1") == content
    assert [*whole._list()] == [b"data.1"]
    assert whole._query(b"data.1") == {"size": len(content)}
    assert raw.at(b"data.1").stat().st_size == len(content) + SEAL_SIZE
    whole._delete(b"data.1")
    assert raw._list() == []


@pytest.mark.parametrize("last", [b"data.1", b"data.1" + MARK])
def test_what_was_broken_off_is_not_there(raw: Folder, made: Any, put: Any, get: Any, last: bytes) -> None:
    whole = made(raw)

    def stop(name: bytes) -> None:
        if name == last:
            raise KeyboardInterrupt

    raw.stop = stop
    with pytest.raises(KeyboardInterrupt):
        put(whole, b"data.1", b"content" * 100)
    if last == b"data.1":
        assert [*whole._list()] == []
        assert whole._query(b"data.1") == {"size": -1}
        with pytest.raises(Gone):
            get(whole, b"data.1")
    else:
        # All of it was there when the mark came, of which any part will do.
        assert [*whole._list()] == [b"data.1"]
        assert get(whole, b"data.1") == b"content" * 100
    raw.stop = lambda name: None
    put(whole, b"data.1", b"anew")
    assert get(whole, b"data.1") == b"anew"


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: data + b"x", lambda data: b"?" + data[1:]])
def test_what_is_not_as_it_was_put_is_not_there(
    raw: Folder, made: Any, put: Any, get: Any, damage: Callable[[bytes], bytes]
) -> None:
    whole = made(raw)
    put(whole, b"data.1", b"content")
    raw.at(b"data.1").write_bytes(damage(raw.at(b"data.1").read_bytes()))
    with pytest.raises(Gone):
        get(whole, b"data.1")


def test_it_has_what_the_backend_has(raw: Folder, made: Any) -> None:
    whole = made(raw)
    assert hasattr(whole, "_query")
    assert not any(hasattr(whole, name) for name in ("_delete_list", "_query_list", "_validate", "_move", "_close"))
    raw._delete_list = lambda names: [*map(raw._delete, names)]  # type: ignore[attr-defined]
    raw._query_list = lambda names: {name: raw._query(name) for name in names}  # type: ignore[attr-defined]
    assert hasattr(made(raw), "_delete_list")
    assert made(raw)._query_list([b"x"]) == {b"x": {"size": -1}}


def test_many_stores_have_a_cold_tier_when_one_of_them_has(raw: Folder, made: Any) -> None:
    class MultiBackend(Folder):
        def __init__(self, folder: Path, *stores: Any) -> None:
            super().__init__(folder)
            self.__stores = stores

        def pre_process_download(self, name: bytes) -> None:
            """Bring back what lies in a cold store."""

    class Store:
        backend = raw

    class ColdStore:
        backend = MultiBackend(raw.folder)

    assert not hasattr(made(MultiBackend(raw.folder, Store)), "pre_process_download")
    assert hasattr(made(MultiBackend(raw.folder, Store, ColdStore)), "pre_process_download")
    assert not hasattr(made(MultiBackend(raw.folder, ColdStore)), "pre_process_download_batch")


def test_deletes_several(raw: Folder, made: Any, put: Any) -> None:
    raw._delete_list = lambda names: [*map(raw._delete, names)]  # type: ignore[attr-defined]
    whole = made(raw)
    for name in (b"data.1", b"data.2", b"data.3"):
        put(whole, name, b"x")
    whole._delete_list([b"data.1", b"data.3"])
    assert [*whole._list()] == [b"data.2"]
    assert sorted(raw._list()) == ["data.2", "data.2_w"]


def test_deletes_several_with_a_backend_that_stops_at_what_is_missing(raw: Folder, made: Any, put: Any) -> None:
    def delete_list(names: list[bytes]) -> None:
        for name in names:
            if not raw.at(name).exists():
                raise Gone
            raw._delete(name)

    raw._delete_list = delete_list  # type: ignore[attr-defined]
    whole = made(raw)
    for name in (b"data.1", b"data.3"):
        put(whole, name, b"x")
    whole._delete_list([b"data.1", b"data.2", b"data.3"])
    assert raw._list() == []


def test_a_failure_to_delete_several_is_one(raw: Folder, made: Any, put: Any) -> None:
    def delete_list(names: list[bytes]) -> None:
        raise PermissionError

    raw._delete_list = delete_list  # type: ignore[attr-defined]
    whole = made(raw)
    put(whole, b"data.1", b"x")
    with pytest.raises(PermissionError):
        whole._delete_list([b"data.1"])


def test_marks_of_a_backend_in_front_of_another_go_to_that(raw: Folder, made: Any, put: Any) -> None:
    seen: list[bytes] = []

    class Front(Folder):
        wrapped_backend = raw

        def _put(self, source: Any, name: bytes) -> None:
            seen.append(name)
            raw._put(source, name)

    put(made(Front(raw.folder)), b"data.1", b"x")
    assert seen == [b"data.1"]
    assert sorted(raw._list()) == ["data.1", "data.1_w"]
