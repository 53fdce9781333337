"""Who a person is for a server: a token, or a user and a password; said in options, or in ~/.netrc.

A password is shown to a server that asks for one, in the way that it asks: hashed (digest) where it offers that.
"""

import netrc
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from yester.engine.errors import UsageError


@dataclass(frozen=True, slots=True, repr=False)
class Login:
    """What is shown to a server that asks who is there."""

    user: str = ""
    password: str = ""
    token: str = ""

    @property
    def auth(self) -> httpx.Auth | None:
        """What makes requests bear it; None when there is nothing."""
        if self.token:
            return Bearer(self.token)
        return AsAsked(self.user, self.password) if self.user or self.password else None


class Bearer(httpx.Auth):
    """Shows a token with every request."""

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send the token along."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


class AsAsked(httpx.Auth):
    """Shows a password once the server has asked for it, and from then on."""

    def __init__(self, user: str, password: str) -> None:
        self._user, self._password = user, password
        self._chosen: httpx.Auth | None = None

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send as it is, until the server has said how it wants to be shown a password."""
        if self._chosen is None:
            response = yield request
            self._chosen = self._way(response)
        if self._chosen is not None:
            yield from self._chosen.auth_flow(request)

    def _way(self, response: httpx.Response) -> httpx.Auth | None:
        if response.status_code != 401:
            return None
        offers = [offer.partition(" ")[0].lower() for offer in response.headers.get_list("www-authenticate")]
        # Several may stand in one line, and digest is the one that does not tell the password.
        if any("digest " in offer.lower() for offer in response.headers.get_list("www-authenticate")):
            return httpx.DigestAuth(self._user, self._password)
        return httpx.BasicAuth(self._user, self._password) if "basic" in offers else None


def find_login(host: str, user: str, said: Mapping[str, Any], environment: Mapping[str, str]) -> Login:
    """Return who is there: what the options say, else ~/.netrc. UsageError."""
    user = user or str(said["user"] or "")
    if said["token"] or said["password"]:
        return Login(user, said["password"] or "", said["token"] or "")
    found = _from_netrc(host, user, environment)
    return Login(*found) if found else Login(user)


def _from_netrc(host: str, user: str, environment: Mapping[str, str]) -> tuple[str, str] | None:
    """Return user and password of a host; none of another user, none of `default`."""
    path = Path(environment.get("NETRC") or Path(environment.get("HOME", "~")).expanduser() / ".netrc")
    try:
        hosts = netrc.netrc(str(path)).hosts
    except FileNotFoundError:
        return None
    except (OSError, netrc.NetrcParseError, UnicodeDecodeError) as problem:
        raise UsageError(f"{path} cannot be used: {getattr(problem, 'msg', problem)}") from None
    entry = hosts.get(host)
    if entry is None or (user and entry[0] and entry[0] != user):
        return None
    return user or entry[0], entry[2]
