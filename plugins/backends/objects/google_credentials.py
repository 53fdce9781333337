"""Whose requests to Google these are: found where Google's own libraries look, in their order.

1. a token that was given, or the file of a service account
2. `GOOGLE_APPLICATION_CREDENTIALS`: the file of a service account, of a login, or of what is exchanged for a login
3. what `gcloud auth application-default login` has left
4. the service account of the machine, which the library asks for

The library reads files of service accounts and logins. For others (a workload's or a person's identity elsewhere,
impersonation) `gcloud` is asked, which knows them all.

https://cloud.google.com/docs/authentication/application-default-credentials
"""

import json
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from yester.engine.errors import RepositoryError, UsageError

_READ_BY_LIBRARY = ("service_account", "authorized_user")
_ASK = ("gcloud", "auth", "application-default", "print-access-token")
_ASK_S = 60
_ASK_AGAIN = timedelta(minutes=5)
"""A token that gcloud prints lasts at least so long: it renews one that would not."""
_OF_LIBRARY = (
    "GOOGLE_SERVICE_ACCOUNT",
    "GOOGLE_SERVICE_ACCOUNT_PATH",
    "GOOGLE_SERVICE_ACCOUNT_KEY",
    "GOOGLE_BEARER_TOKEN",
)
"""Variables that the library reads."""

Token = tuple[str, timedelta | None]
"""An access token and how long it may be used; None: for ever."""


@dataclass(frozen=True, slots=True)
class Login:
    """What is known of who asks; nothing: the library finds it."""

    service_account: str = ""
    """A file."""
    application_credentials: str = ""
    """A file of a service account or of a login."""
    token: Callable[[], Token] | None = None


def login(token: str, service_account: str, environment: Mapping[str, str]) -> Login:
    """Return the credentials to use; the first two are what the person has said. RepositoryError, UsageError."""
    if token:
        return Login(token=lambda: (token, None))
    if service_account:
        _type_of(Path(service_account).expanduser())
        return Login(str(Path(service_account).expanduser()))
    if any(environment.get(name) for name in _OF_LIBRARY):
        return Login()
    named = environment.get("GOOGLE_APPLICATION_CREDENTIALS")
    if not named and not _left_by_gcloud(environment).exists():
        return Login()
    path = Path(named).expanduser() if named else _left_by_gcloud(environment)
    if _type_of(path) in _READ_BY_LIBRARY:
        return Login(application_credentials=str(path))
    of_gcloud = _of_gcloud(path, environment)
    of_gcloud()  # now, while it can be said in words of its own that there is none
    return Login(token=of_gcloud)


def _left_by_gcloud(environment: Mapping[str, str]) -> Path:
    folder = environment.get("CLOUDSDK_CONFIG") or "~/.config/gcloud"
    return Path(folder).expanduser() / "application_default_credentials.json"


def _type_of(path: Path) -> str:
    """Return what kind of credentials a file holds. UsageError, in which nothing of it is repeated."""
    try:
        found = json.loads(path.read_bytes())
        return str(found["type"])
    except OSError as error:
        raise UsageError(f"The credentials in {path} cannot be read: {error.strerror}", hint=_HINT) from None
    except (ValueError, KeyError, TypeError):
        raise UsageError(f"{path} holds no credentials of Google", hint=_HINT) from None


_HINT = "Make a key of a service account, or log in: gcloud auth application-default login."


def _of_gcloud(path: Path, environment: Mapping[str, str]) -> Callable[[], Token]:
    def token() -> Token:
        if shutil.which(_ASK[0], path=environment.get("PATH")) is None:
            raise RepositoryError(
                f"The credentials in {path} need the program gcloud, which is not installed",
                hint="Install it, or take the key of a service account.",
            )
        try:
            done = subprocess.run(_ASK, capture_output=True, timeout=_ASK_S, stdin=subprocess.DEVNULL, check=True)
        except subprocess.CalledProcessError as error:
            said = error.stderr.decode("utf-8", "replace").strip().splitlines()
            why = said[-1][:200] if said else f"it ended with {error.returncode}"
        except (OSError, subprocess.TimeoutExpired) as error:
            why = "it takes too long" if isinstance(error, subprocess.TimeoutExpired) else str(error.strerror)
        else:
            return done.stdout.decode("ascii", "replace").strip(), _ASK_AGAIN
        raise RepositoryError(f"gcloud gives no credentials: {why}", hint=f"Try it by hand: {' '.join(_ASK)}")

    return token
