"""The base of backends, their registry, and the wrapper that tries again what fails."""

import os
import shlex
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from importlib import import_module
from typing import IO, Any, ClassVar

from duplicity import backends, config, log, path, tempdir
from duplicity._retrying import code_of as _get_code_from_exception
from duplicity._retrying import tried
from duplicity._secrets import VARIABLES, remember, scrubbed
from duplicity._urls import ParsedUrl, strip_auth, strip_prefix, uses_netloc
from duplicity.errors import (
    BackendException,
    ConflictingScheme,
    InvalidBackendURL,
    TemporaryLoadException,
    UnsupportedBackendScheme,
)
from duplicity.log import ErrorCode

__all__ = [
    "Backend",
    "BackendException",
    "BackendWrapper",
    "InvalidBackendURL",
    "ParsedUrl",
    "TemporaryLoadException",
    "UnsupportedBackendScheme",
    "_get_code_from_exception",
    "get_backend",
    "get_backend_object",
    "import_backends",
    "is_backend_url",
    "register_backend",
    "register_backend_prefix",
    "strip_auth_from_url",
    "strip_prefix",
    "uses_netloc",
]

_backends: dict[str, Callable[[ParsedUrl], Any]] = {}
_backend_prefixes: dict[str, Callable[[ParsedUrl], Any]] = {}
_last_exception: BaseException | None = None
_SLICE = 100
"""How many names a backend is asked to delete at once."""

skipped: dict[str, str] = {}
"""yester's own: file → why it could not be imported."""


def import_backends() -> None:
    """Import every file whose name ends in `backend.py`, by name; one that fails is logged and left out."""
    for name in _names(backends.__path__):
        try:
            import_module(f"duplicity.backends.{name}")
        except BaseException as problem:  # noqa: BLE001  some end the program where a library lacks
            skipped[f"{name}.py"] = scrubbed(f"{type(problem).__name__}: {problem}")
            log.Info(f"{name}.py is left out: {skipped[f'{name}.py']}")


def _names(folders: Iterable[str]) -> list[str]:
    listed = (name for folder in folders for name in os.listdir(folder))
    return sorted({name.removesuffix(".py") for name in listed if name.endswith("backend.py")})


def register_backend(scheme: str, backend_factory: Callable[[ParsedUrl], Any]) -> None:
    """Let a factory open the URLs of a scheme. ConflictingScheme when another does."""
    _register(_backends, scheme, backend_factory)


def register_backend_prefix(scheme: str, backend_factory: Callable[[ParsedUrl], Any]) -> None:
    """Let a factory open URLs with `PREFIX+` before them; it gets the rest. ConflictingScheme when another does."""
    _register(_backend_prefixes, scheme, backend_factory)


def _register(table: dict[str, Callable[[ParsedUrl], Any]], name: str, factory: Callable[[ParsedUrl], Any]) -> None:
    if not callable(factory):
        raise TypeError(f"what opens {name}: URLs must be callable")
    if name in table:
        raise ConflictingScheme(f"the scheme {name} already has a backend: {table[name]}")
    table[name] = factory


def strip_auth_from_url(parsed_url: ParsedUrl) -> str:
    """Return a URL without user and password."""
    return strip_auth(parsed_url.geturl())


def is_backend_url(url_string: str) -> bool:
    """Whether a text is a URL and no local path. InvalidBackendURL when it is a bad one."""
    return bool(ParsedUrl(url_string).scheme)


def get_backend_object(url_string: str) -> Any:
    """Return the backend that a URL means; None for a local path. UnsupportedBackendScheme, BackendException."""
    if not is_backend_url(url_string):
        return None
    factory, url = _meant(url_string)
    try:
        parsed = ParsedUrl(url)
        remember(parsed.password)
        return factory(parsed)
    except ImportError as problem:
        raise BackendException(f"Could not initialize backend: {problem}") from problem


def _meant(url: str) -> tuple[Callable[[ParsedUrl], Any], str]:
    for prefix, factory in _backend_prefixes.items():
        if url.startswith(f"{prefix}+"):
            return factory, strip_prefix(url, prefix)
    scheme = ParsedUrl(url).scheme
    if scheme not in _backends:
        raise UnsupportedBackendScheme(url)
    return _backends[scheme], url


def get_backend(url_string: str) -> "BackendWrapper | None":
    """Return the backend that a URL means, wrapped; None for a local path."""
    found = get_backend_object(url_string)
    return BackendWrapper(found) if found is not None else None


class Backend:
    """What backends derive from; their methods begin with an underscore, and wrappers call them."""

    use_getpass = True
    popen_breaks: ClassVar[dict[str, Sequence[int]]] = {}
    """Program → exit codes that are no failure."""

    def __init__(self, parsed_url: ParsedUrl) -> None:
        self.parsed_url = parsed_url

    def get_password(self) -> str | None:
        """Return the password: of the URL, or of the environment. Nobody is asked: nobody may be there."""
        if self.parsed_url.password:
            return self.parsed_url.password
        for name in VARIABLES:
            if name in os.environ:
                return os.environ[name]
        if not self.use_getpass:
            return None
        if self.parsed_url.username:
            log.Notice(f"no password for {self.parsed_url.strip_auth()}: FTP_PASSWORD or BACKEND_PASSWORD may hold it")
        return ""

    @staticmethod
    def munge_password(commandline: str) -> str:
        """Return a command without the password in it."""
        return scrubbed(commandline)

    def subprocess_popen(
        self, commandline: "str | Sequence[str]", timeout: float | None = None, ignore_errors: bool = False
    ) -> tuple[int, str, str]:
        """Run a command and return exit code, output and errors. BackendException when it fails and that matters."""
        words = shlex.split(commandline) if isinstance(commandline, str) else list(map(str, commandline))
        shown = self.munge_password(shlex.join(words))
        log.Info(f"running {shown}")
        try:
            done = subprocess.run(
                words,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=timeout,
                check=False,
                encoding="utf-8",
                errors="surrogateescape",
            )
        except (OSError, subprocess.TimeoutExpired) as problem:
            raise BackendException(f"{shown}: {problem}", ErrorCode.backend_command_error) from None
        if done.returncode and not ignore_errors:
            if done.returncode in self.popen_breaks.get(os.path.basename(words[0]), ()):
                return 0, "", ""
            raise BackendException(
                scrubbed(f"{shown}: exit code {done.returncode}: {done.stdout}{done.stderr}".strip())
            )
        return done.returncode, done.stdout, done.stderr


def _delete_copy(backend: Any, names: "Sequence[bytes]") -> None:
    # A copy: some backends change what they are given.
    backend._delete_list([*names])


class BackendWrapper:
    """A backend with its attempts: the retry policy, sizes, and the optional methods made up for."""

    def __init__(self, backend: Any) -> None:
        self.backend = backend

    def put(self, source_path: path.Path, remote_filename: bytes | None = None) -> None:
        """Store a file, by its own name unless another is given."""
        name = remote_filename or source_path.get_filename()
        self._tried("put", lambda: self._do_put(source_path, name))

    def put_validated(self, source_path: path.Path, remote_filename: bytes | None = None) -> None:
        """Store a file, and see that it is there whole. BackendException when it is not."""
        name = remote_filename or source_path.get_filename()

        def attempt() -> None:
            self._do_put(source_path, name)
            source_path.setdata()
            good, why = self.validate(name, source_path.getsize(), source_path=source_path)
            if not good:
                raise BackendException(why, ErrorCode.backend_validation_failed)

        self._tried("put", attempt)

    def move(self, source_path: path.Path, remote_filename: bytes | None = None) -> None:
        """Store a file that is not needed here any more."""
        name = remote_filename or source_path.get_filename()

        def attempt() -> None:
            if not hasattr(self.backend, "_move") or self.backend._move(source_path, name) is False:
                self._do_put(source_path, name)
                source_path.delete()

        self._tried("move", attempt)

    def get(self, remote_filename: bytes, local_path: path.Path) -> None:
        """Fetch a file. BackendException when it does not arrive."""

        def attempt() -> None:
            self.backend._get(remote_filename, local_path)
            local_path.setdata()
            if not local_path.exists():
                missing = os.fsdecode(remote_filename)
                raise BackendException(f"{missing} was not fetched", ErrorCode.backend_not_found)

        self._tried("get", attempt)

    def list(self) -> "list[bytes]":
        """Return all names."""
        found = self._tried("list", lambda: self.backend._list())
        return [os.fsencode(name) for name in found or ()]

    def delete(self, filename_list: "Sequence[bytes]") -> None:
        """Remove files; what fails is a warning."""
        assert not isinstance(filename_list, bytes)
        if hasattr(self.backend, "_delete_list"):
            self._do_delete_list(filename_list)
        elif hasattr(self.backend, "_delete"):
            for name in filename_list:
                self._do_delete(name)
        else:
            raise NotImplementedError("the backend cannot delete")

    def _do_put(self, source_path: path.Path, remote_filename: bytes) -> None:
        self.backend._put(source_path, remote_filename)

    def _do_delete_list(self, filename_list: "Sequence[bytes]") -> None:
        names = [*filename_list]
        for begin in range(0, len(names), _SLICE):
            part = names[begin : begin + _SLICE]
            self._tried("delete", partial(_delete_copy, self.backend, part), fatal=False)

    def _do_delete(self, filename: bytes) -> None:
        self._tried("delete", lambda: self.backend._delete(filename), fatal=False)

    def query_info(self, filename_list: "Sequence[bytes]") -> "dict[bytes, dict[str, Any]]":
        """Return what is known of files: of each its size, -1 for one that is not there, None where nobody knows."""
        if hasattr(self.backend, "_query_list"):
            found = self._tried("query", lambda: self.backend._query_list([*filename_list]), fatal=False) or {}
        elif hasattr(self.backend, "_query"):
            found = {name: self._queried(name) for name in filename_list}
        else:
            found = {}
        return {name: {"size": None, **(found.get(name) or {})} for name in filename_list}

    def _queried(self, name: bytes) -> "dict[str, Any] | None":
        def attempt() -> Any:
            try:
                return self.backend._query(name)
            except Exception as problem:
                if _get_code_from_exception(self.backend, "query", problem) != ErrorCode.backend_not_found:
                    raise
                return {"size": -1}

        found: dict[str, Any] | None = self._tried("query", attempt, fatal=False)
        return found

    def validate(
        self, remote_filename: bytes, size: int, source_path: path.Path | None = None, **kwargs: Any
    ) -> tuple[bool, str]:
        """Whether a file is there whole, and what is wrong with it; a size that nobody knows is right."""
        if hasattr(self.backend, "_validate"):
            good, why = self.backend._validate(remote_filename, size, source_path=source_path, **kwargs)
            return bool(good), str(why)
        for turn in range(config.num_retries + 1):
            if turn:
                time.sleep(2 ** (turn - 1))
            found = self.query_info([remote_filename])[remote_filename]["size"]
            if found in (None, size):
                return True, ""
        return False, f"{os.fsdecode(remote_filename)} has {found} bytes and not {size}"

    def get_fileobj_read(self, filename: bytes, parseresults: Any = None) -> IO[bytes]:
        """Return a file, open for reading; its copy here is gone when it is closed."""
        local = path.Path(tempdir.default().mktemp())
        self.get(filename, local)
        opened: IO[bytes] = local.open()
        local.delete()
        return opened

    def get_data(self, filename: bytes, parseresults: Any = None) -> bytes:
        """Return what a file holds."""
        with self.get_fileobj_read(filename, parseresults) as opened:
            return opened.read()

    def pre_process_download(self, remote_filename: bytes) -> None:
        """Have a file brought back from a cold tier."""
        if hasattr(self.backend, "pre_process_download"):
            self._tried("query", lambda: self.backend.pre_process_download(remote_filename), fatal=False)

    def pre_process_download_batch(self, remote_filenames: "Sequence[bytes]") -> None:
        """Have files brought back from a cold tier."""
        if hasattr(self.backend, "pre_process_download_batch"):
            self._tried("query", lambda: self.backend.pre_process_download_batch(remote_filenames), fatal=False)

    def close(self) -> None:
        """Let go of connections."""
        if hasattr(self.backend, "_close"):
            self.backend._close()

    def _tried(self, operation: str, attempt: Callable[[], Any], *, fatal: bool = True) -> Any:
        return tried(self.backend, operation, attempt, fatal=fatal)
