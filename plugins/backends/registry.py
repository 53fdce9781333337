"""From a repository's URL to its store."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from yester.engine.errors import UsageError
from yester.engine.store import Store
from yester.engine.urls import scheme_of, without_secrets
from yester.plugins.backends.terms import Terms


@dataclass(frozen=True, slots=True)
class Row:
    """A backend that ships with yester."""

    module: str
    """Below this package. It has `open_store(url, terms) -> Store`, and OPTIONS where there are any."""
    about: str
    example: str
    needs: str = ""
    """A module that does not come with yester itself."""
    extra: str = ""
    """The extra of yester that brings it."""

    @property
    def is_installed(self) -> bool:
        """Whether what it needs is there."""
        return not self.needs or find_spec(self.needs) is not None

    @property
    def install(self) -> str:
        """What to type where it is not."""
        return f"pip install 'yester[{self.extra}]'"

    def load(self) -> ModuleType:
        """Import and return the backend's module. UsageError when what it needs is not installed."""
        if not self.is_installed:
            raise UsageError(
                f"{self.example} needs {self.needs}, which is not installed", hint=f"Install it: {self.install}"
            )
        return import_module(f"yester.plugins.backends.{self.module}")


SCHEMES: Mapping[str, Row] = {
    "file": Row("folder_address", "a folder", "file:///home/me/backup"),
    "sftp": Row("sftp.store", "a machine with SSH", "sftp://nas/srv/backup"),
    "s3": Row("objects.s3", "a bucket of S3", "s3://bucket/prefix", "obstore", "s3"),
    "s3+https": Row("objects.s3", "a bucket where S3 is spoken", "s3+https://host/bucket/prefix", "obstore", "s3"),
    "s3+http": Row("objects.s3", "the same without TLS", "s3+http://host:port/bucket/prefix", "obstore", "s3"),
    "gs": Row("objects.gs", "a bucket of Google Cloud Storage", "gs://bucket/prefix", "obstore", "gs"),
    "az": Row("objects.az", "a container of Azure Blob Storage", "az://container/prefix", "obstore", "az"),
    "rclone": Row("rclone.store", "a remote of rclone's", "rclone://REMOTE/backup", "httpx", "rclone"),
    "multi": Row("multi.opening", "several stores as one", "multi:///etc/yester/stores.json?mode=mirror"),
    "webdav": Row("webdav.store", "a WebDAV server, not encrypted", "webdav://nas/backup", "httpx", "webdav"),
    "webdavs": Row("webdav.store", "a WebDAV server", "webdavs://me@cloud.example/dav/backup", "httpx", "webdav"),
}
"""How the URLs of each scheme are opened; a path without a scheme is a local folder."""

PREFIXES: Mapping[str, Row] = {
    "duplicity": Row("duplicity", "what a backend of duplicity reaches", "duplicity+rsync://nas//srv/backup"),
    "cache": Row("cached.opening", "a cache on this machine, for what is slow", "cache+file:///media/stick/backup"),
    "par2": Row("par2.store", "recovery data that mends what rots", "par2+file:///media/stick/backup"),
    "limit": Row("limited", "limits of what is sent and fetched in a second", "limit+sftp://nas/srv/backup"),
}
"""What stands, with a `+`, before the scheme of another URL; `open_store` gets all of it and opens the rest."""


def open_store(
    url: str,
    *,
    create: bool = False,
    stated: Mapping[str, Mapping[str, object]] | None = None,
    made: list[str] | None = None,
) -> Store:
    """Return the store at a path or URL; with `create` it need not be there yet. `stated`: a profile's [backends.NAME].

    `made`: see Terms. UsageError for a scheme that no backend serves and for a secret in the URL; RepositoryError when
    nothing usable is there.
    """
    if not url:
        raise UsageError("No repository is named", hint="Give a path or a URL with --repo.")
    return _open(without_secrets(url), terms(create=create, stated=stated, made=made))


def terms(
    *,
    create: bool = False,
    stated: Mapping[str, Mapping[str, object]] | None = None,
    made: list[str] | None = None,
) -> Terms:
    """Return the terms on which `open_store` opens."""
    return Terms(_open, create, stated or {}, made=[] if made is None else made)


def _open(url: str, terms: Terms) -> Store:
    scheme = scheme_of(url) or "file"
    if "://" in url and not scheme_of(url) and not url.startswith("/"):
        from yester.plugins.backends.mistaken import no_scheme

        raise no_scheme(url)
    row = _row(scheme)
    if row is not None:
        store: Store = row.load().open_store(url, terms)
        return store
    # Not needed, and not loaded, for what ships with yester.
    from yester.plugins.backends import third_party

    found = third_party.open_store(url, terms)
    if found is None:
        from yester.plugins.backends.mistaken import unknown

        raise unknown(scheme)
    return found


def _row(scheme: str) -> Row | None:
    prefix, plus, _ = scheme.partition("+")
    return PREFIXES[prefix] if plus and prefix in PREFIXES else SCHEMES.get(scheme)
