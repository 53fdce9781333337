"""Where the cache stands, what limits slow down, and what is said of both outside URLs."""

from pathlib import Path

import pytest
from tests.plugins.backends.counting import FarStore

from yester.engine.errors import UsageError
from yester.engine.limits.throttle import ThrottledStore
from yester.engine.places import Places
from yester.engine.repository import Repository
from yester.engine.store import Store
from yester.plugins.backends.cached.opening import folder_of, in_front
from yester.plugins.backends.cached.store import CachedStore
from yester.plugins.backends.folder import FolderStore
from yester.plugins.backends.memory import MemoryStore
from yester.plugins.backends.registry import open_store
from yester.tui.cli.opening import limited_store

pytestmark = pytest.mark.usefixtures("home")


def made(folder: Path) -> None:
    store = FolderStore(folder, create=True)
    store.put("config", [b"some"])
    store.close()


def test_cache_plus_puts_it_in_front_of_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "stick"
    store = open_store(f"cache+file://{folder}", create=True)
    assert isinstance(store, CachedStore)
    assert (store.capabilities.local, store.folder, store.place) == (False, folder, str(folder))
    repository = Repository.create(store, None, places=Places.default())
    store.get("config")
    name = next(iter(Repository.open(store, None, places=Places.default()).store.list("key.")))
    assert name
    cache = folder_of(repository.config.repository, Places.default())
    assert cache.is_relative_to(repository.cache)


def test_a_local_store_has_no_cache_and_one_that_is_not_has(tmp_path: Path) -> None:
    made(tmp_path / "repository")
    assert limited_store(str(tmp_path / "repository")).folder is not None
    assert isinstance(in_front(FarStore(MemoryStore()), lambda store: store, {}), CachedStore)


def test_limits_are_behind_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path / "repository")
    monkeypatch.setenv("YESTER_DOWNLOAD_LIMIT", "1M")
    store = limited_store(f"cache+file://{tmp_path}/repository")
    assert isinstance(store, CachedStore)
    assert isinstance(store.itself, ThrottledStore)
    assert isinstance(limited_store(str(tmp_path / "repository")), ThrottledStore)


def test_afresh_is_without_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path / "repository")
    assert limited_store(f"cache+file://{tmp_path}/repository", afresh=True).folder is not None
    far: Store = FarStore(MemoryStore())
    assert in_front(far, lambda store: store, {}, afresh=True) is far


def test_limit_plus_slows_down_as_the_profile_or_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"limit+file://{tmp_path}/repository"
    made(tmp_path / "repository")
    assert not isinstance(open_store(url), ThrottledStore), "nothing was said"
    for said in ({"upload": "500K"}, {"download": 10_000_000}):
        assert isinstance(open_store(url, stated={"limit": said}), ThrottledStore)
    monkeypatch.setenv("YESTER_LIMIT_UPLOAD", "2M")
    assert isinstance(open_store(url), ThrottledStore)


@pytest.mark.parametrize(
    ("url", "stated", "words"),
    [
        ("limit+", {"limit": {"upload": 0}}, "upload"),
        ("limit+", {"limit": {"upload": "fast"}}, "upload"),
        ("limit+", {"limit": {"uplaod": "1M"}}, "uplaod"),
        ("cache+", {"cache": {"size": 0}}, "size"),
        ("cache+", {"cache": {"data": 1}}, "data"),
    ],
)
def test_what_is_said_wrongly_is_named(
    tmp_path: Path, url: str, stated: dict[str, dict[str, object]], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        open_store(f"{url}file://{tmp_path}/repository", create=True, stated=stated)


def test_a_query_of_the_inner_url_says_nothing_to_them(tmp_path: Path) -> None:
    """It belongs to the inner URL alone: here, to the folder's name."""
    store = open_store(f"limit+file://{tmp_path}/repository?upload=1", create=True)
    assert not isinstance(store, ThrottledStore)
    assert store.place.endswith("?upload=1")


def test_both_can_be_had(tmp_path: Path) -> None:
    stated = {"limit": {"upload": "1M"}}
    store = open_store(f"cache+limit+file://{tmp_path}/repository", create=True, stated=stated)
    assert isinstance(store, CachedStore)
    assert isinstance(store.itself, ThrottledStore)
