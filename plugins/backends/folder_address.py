"""From a path, or a file:// URL, to the folder."""

from pathlib import Path
from urllib.parse import unquote

from yester.engine.errors import UsageError
from yester.engine.store import Store
from yester.plugins.backends.folder import FolderStore
from yester.plugins.backends.terms import Terms


def open_store(url: str, terms: Terms) -> Store:
    """Open the folder that a path or file:// URL names. RepositoryError, UsageError."""
    if not url.lower().startswith("file://"):
        return FolderStore(Path(url).expanduser().absolute(), terms.create, terms.made)
    host, slash, path = url.partition("://")[2].partition("/")
    if host not in ("", "localhost") or not slash:
        raise UsageError(f"{url} does not name a local folder", hint="Write it as file:///home/me/backup.")
    return FolderStore(Path("/" + unquote(path, errors="surrogateescape")), terms.create, terms.made)
