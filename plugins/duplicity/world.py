"""duplicity's world, inside a worker: one backend of duplicity, which its host calls.

What backend files import of duplicity lies in `stand_in/`, which comes first on the path of this process; of a
duplicity that is installed only its folder of backend files is read. Objects are kept whole by whole.py. Whatever a
backend raises, SystemExit included, becomes an exception of the contract, with its code and without passwords.
"""

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from yester.engine.nearest import nearest
from yester.plugins.backends.checking import methods_of
from yester.plugins.backends.codes import failure_of
from yester.plugins.backends.foreign import OPEN, SECRETS
from yester.plugins.backends.performing import Ways, perform
from yester.plugins.duplicity.files import STAND_IN
from yester.plugins.duplicity.whole import Whole
from yester.plugins.worker.messages import Loaded, PluginFile
from yester.plugins.worker.worlds import Announce, Context, World

OLD = Path(__file__).parent / "old" / "stand_in"
"""What files of 0.8 import besides, for want of it."""


def open_world(settings: dict[str, Any], context: Context) -> World:
    """Return the world; the process is duplicity's from here on."""
    sys.dont_write_bytecode = True  # what is installed is not ours to write into
    sys.path.insert(0, str(STAND_IN))
    sys.path.append(str(OLD))
    from duplicity import backends, config, log

    backends.__path__[:] = settings["folders"]
    for name, value in settings["config"].items():
        setattr(config, name, value)
    log.setup(settings["verbosity"])
    return DuplicityWorld()


class DuplicityWorld:
    """One backend, once it is opened."""

    threads = 1

    def __init__(self) -> None:
        self._backend: Any = None

    def load(self, plugins: Sequence[PluginFile], announce: Announce) -> list[Loaded]:
        """Import the backend files, and say which URLs they take and which of them could not be imported."""
        from duplicity import backend

        (plugin,) = plugins
        announce(plugin.name)
        backend.import_backends()
        announce("")
        facts = {
            "schemes": sorted(backend._backends),
            "prefixes": sorted(backend._backend_prefixes),
            "skipped": backend.skipped,
        }
        return [Loaded(plugin.name, facts=facts)]

    def call(self, plugin: str, method: str, arguments: Sequence[Any], context: Context) -> Any:
        """Call the backend, and return what became of it (plugins/backends/performing.py)."""
        from duplicity.path import Path as DuplicityPath

        if method == SECRETS:
            from duplicity._secrets import known

            return {"value": known()}
        if method == OPEN:
            return self._opened(*arguments)
        return perform(self._backend, method, arguments, Ways(path=DuplicityPath, name=os.fsencode))

    def _opened(self, url: str, create: bool) -> dict[str, Any]:
        try:
            self._backend = _whole(url)
            if create:
                _make_folder(self._backend)
        except Exception as problem:  # noqa: BLE001  the backend's own affair, told as what it is
            return failure_of(None, OPEN, problem).sent()
        from duplicity._secrets import known

        facts = {"methods": sorted(methods_of(self._backend)), "threads": self.threads, "secrets": known()}
        return {"value": facts}


def _make_folder(backend: Whole) -> None:
    """Ask for a list, as duplicity does first of all: at that several backends make the folder that is not there."""
    from duplicity.errors import BackendException

    with suppress(BackendException):  # what puts will say is nearer to the point
        backend._list()


def _whole(url: str) -> Whole:
    from duplicity import backend
    from duplicity.errors import BackendException
    from duplicity.log import ErrorCode
    from duplicity.path import Path as DuplicityPath

    raw = _guarded(None, OPEN, lambda: backend.get_backend_object(url))
    return Whole(
        raw,
        lambda operation, attempt: _guarded(raw, operation, attempt),
        DuplicityPath,
        lambda text: BackendException(text, ErrorCode.backend_not_found),
    )


def _guarded(backend: Any, operation: str, attempt: Callable[[], Any]) -> Any:
    """Carry out an operation. Whatever it raises becomes a BackendException with a code, or a fatal one."""
    from duplicity._retrying import code_of
    from duplicity._secrets import scrubbed
    from duplicity.errors import (
        BackendException,
        FatalBackendException,
        FatalError,
        TemporaryLoadException,
        UnsupportedBackendScheme,
        UserError,
    )

    try:
        return attempt()
    except SystemExit as problem:
        code = problem.code if isinstance(problem.code, int) else 1
        raise FatalBackendException(f"it ended the program with exit code {code}", code) from None
    except UnsupportedBackendScheme as problem:
        raise _unknown(problem.url.partition(":")[0], scrubbed(str(problem))) from None
    except UserError as problem:
        raise _unusable(scrubbed(str(problem))) from None
    except (FatalError, FatalBackendException) as problem:
        raise FatalBackendException(scrubbed(str(problem)), getattr(problem, "code", 1)) from None
    except Exception as problem:  # noqa: BLE001  the backend's own affair, told as what it is
        if isinstance(problem.__cause__, ImportError):
            raise _lacking(problem.__cause__) from None
        kind = TemporaryLoadException if isinstance(problem, TemporaryLoadException) else BackendException
        text = str(problem) if isinstance(problem, BackendException) else f"{type(problem).__name__}: {problem}"
        raise kind(scrubbed(text), code_of(backend, operation, problem)) from None


def _lacking(problem: ImportError) -> Exception:
    """Return what is raised for a backend that wants a module which is not installed."""
    from duplicity.errors import InvalidBackendURL

    lacking = InvalidBackendURL(f"it needs what cannot be imported: {problem}")
    lacking.hint = "Install it for the Python that runs yester."
    return lacking


def _unusable(text: str) -> Exception:
    """Return what is raised for a URL that is none."""
    from duplicity.errors import InvalidBackendURL

    problem = InvalidBackendURL(text)
    problem.hint = "The URL after duplicity+ is written as duplicity wants it: docs/backends.md."
    return problem


def _unknown(scheme: str, text: str) -> Exception:
    """Return what is raised for a scheme that no backend takes, with those that are taken."""
    from duplicity import backend
    from duplicity.errors import InvalidBackendURL

    problem = InvalidBackendURL(text)
    known = [*backend._backends, *(f"{prefix}+" for prefix in backend._backend_prefixes)]
    left_out = "; ".join(f"{file}: {why}" for file, why in backend.skipped.items())
    hints = [
        f"Did you mean {' or '.join(close)}?" if (close := nearest(scheme, known)) else "",
        f"Known are {', '.join(sorted(known))}.",
        f"Left out: {left_out}." if left_out else "",
    ]
    problem.hint = " ".join(filter(None, hints))
    return problem
