"""From a repository's URL to its store."""

import difflib
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

from yester.engine.errors import UsageError
from yester.engine.store import Store

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")

Opening = Callable[[str, bool], Store]
"""Opens the store at a URL; the second argument: it may be made."""


def _folder(url: str, create: bool) -> Store:
    from yester.plugins.backends.folder import FolderStore

    if _URL.match(url) is None:
        return FolderStore(Path(url).expanduser().absolute(), create)
    host, slash, path = url.partition("://")[2].partition("/")
    if host not in ("", "localhost") or not slash:
        raise UsageError(f"{url} does not name a local folder", hint="Write it as file:///home/me/backup.")
    return FolderStore(Path("/" + unquote(path, errors="surrogateescape")), create)


def _sftp(url: str, create: bool) -> Store:
    from yester.plugins.backends.sftp.store import open_sftp

    return open_sftp(url, create)


SCHEMES: dict[str, Opening] = {"file": _folder, "sftp": _sftp}
"""How the URLs of each scheme are opened; a path without a scheme is a local folder."""


def open_store(url: str, *, create: bool = False) -> Store:
    """Return the store at a path or URL; with `create` it need not be there yet.

    UsageError for a scheme that no backend serves, RepositoryError when nothing usable is there.
    """
    if not url:
        raise UsageError("No repository is named", hint="Give a path or a URL with --repo.")
    match = _URL.match(url)
    scheme = match[1].lower() if match else "file"
    if scheme not in SCHEMES:
        near = difflib.get_close_matches(scheme, SCHEMES, n=1, cutoff=0.5)
        hint = f"Did you mean {near[0]}://?" if near else f"Known are a path and {', '.join(sorted(SCHEMES))}://."
        raise UsageError(f"No backend serves {scheme}://", hint=hint)
    return SCHEMES[scheme](url, create)
