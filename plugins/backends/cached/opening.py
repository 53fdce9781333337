"""Opening stores behind the cache: any that lets one wait, and by `cache+URL` one that is local by nature but slow."""

from collections.abc import Callable, Mapping
from pathlib import Path

from yester.engine.places import Places
from yester.engine.store import Store
from yester.plugins.backends.cached.store import CachedStore
from yester.plugins.backends.registry import terms
from yester.plugins.backends.terms import Terms
from yester.plugins.options.spec import Option

NAME = "cache"
PREFIX = f"{NAME}+"

OPTIONS: Mapping[str, Option] = {
    "size": Option("bytes", "1G", "How much of the content of files is kept on this machine at most."),
    "content": Option("boolean", True, "Whether content of files is kept at all. What snapshots and folders say, is."),
}


def open_store(url: str, on: Terms) -> Store:
    """Open the store at the URL after `cache+`, and look at it through the cache."""
    store = on.open(url[len(PREFIX) :])
    return store if isinstance(store, CachedStore) else _behind(store, on)


def in_front(
    store: Store,
    wrap: Callable[[Store], Store],
    stated: Mapping[str, Mapping[str, object]],
    *,
    afresh: bool = False,
) -> Store:
    """Return a store behind the cache, with what `wrap` puts around it in between; `afresh`: without the cache.

    So what is kept here is not slowed down by limits of the line.
    """
    if not isinstance(store, CachedStore):
        return wrap(store) if afresh else _behind(wrap(store), terms(stated=stated))
    store.behind(wrap)
    return store.itself if afresh else store


def folder_of(repository: bytes, places: Places) -> Path:
    """Return where the cache of a repository is."""
    return places.cache / "repositories" / repository.hex()[:32] / "store"


def _behind(store: Store, on: Terms) -> CachedStore:
    said = on.options(NAME, OPTIONS)
    size: int = said["size"] if said["content"] else 0
    return CachedStore(store, lambda repository: folder_of(repository, Places.default()), size)
