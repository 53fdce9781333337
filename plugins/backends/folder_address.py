"""From a path, or a file:// URL, to the folder."""

from pathlib import Path
from urllib.parse import unquote

from yester.engine.errors import UsageError
from yester.engine.store import Store
from yester.plugins.backends.folder import FolderStore
from yester.plugins.backends.guarding import guarded
from yester.plugins.backends.terms import Terms


def open_store(url: str, terms: Terms) -> Store:
    """Open the folder that a path or file:// URL names. RepositoryError, UsageError."""
    return guarded(FolderStore(_path_of(url), terms.create, terms.made), terms)


def _path_of(url: str) -> Path:
    if not url.lower().startswith("file://"):
        return Path(url).expanduser().absolute()
    host, slash, path = url.partition("://")[2].partition("/")
    if host not in ("", "localhost") or not slash:
        raise UsageError(f"{url} does not name a local folder", hint="Write it as file:///home/me/backup.")
    return Path("/" + unquote(path, errors="surrogateescape"))
