"""Requests to a service on the web, whose address may be a secret: no error's words hold it, or any header.

Redirects are not followed: they would carry headers, and with them secrets, to whoever the answer names.
"""

import http.client
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from yester import __version__
from yester.engine.errors import YesterError
from yester.plugins.shipped.bounded import within

LONGEST_S = 90.0
"""All tries together; a plugin has 120 seconds for the end of a run."""
PAUSES_S = (1.0, 4.0, 15.0)
"""Between tries; the last one again and again."""
_SCHEMES = ("http", "https")
_ENOUGH = 4096
"""Bytes of an answer that are read."""


class NotSent(YesterError):
    """A request did not reach its service, in words without its address."""

    def __init__(self, what: str, *, is_passing: bool) -> None:
        """`is_passing`: whether another try may do better."""
        super().__init__(what)
        self.is_passing = is_passing


@dataclass(frozen=True, slots=True)
class Post:
    """A request."""

    url: str = field(repr=False)
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def host(self) -> str:
        """Whom it goes to, which is all of the address that may be said."""
        return host_of(self.url)


def host_of(url: str) -> str:
    """Return the host of an address; empty when there is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def problem_of(url: str) -> str:
    """Return in words why nothing can be sent to an address; empty when it can be."""
    if not url:
        return "it has no url"
    try:
        parts = urlsplit(url)
        usable = parts.scheme in _SCHEMES and parts.hostname and (parts.port is None or parts.port)
    except ValueError:
        usable = False
    plain = url.isascii() and url.isprintable() and " " not in url
    return "" if usable and plain else "its url must begin with https:// or http:// and name a host"


def deliver(post: Post, *, timeout_s: float, tries: int) -> None:
    """Send, again where the trouble may pass; NotSent when it was of no use. Ends within LONGEST_S."""
    until = time.monotonic() + LONGEST_S
    for attempt in range(tries):
        try:
            return send(post, min(timeout_s, until - time.monotonic()))
        except NotSent as problem:
            pause = PAUSES_S[min(attempt, len(PAUSES_S) - 1)]
            if not problem.is_passing or attempt == tries - 1 or time.monotonic() + pause >= until:
                raise
            time.sleep(pause)
    return None


def send(post: Post, timeout_s: float) -> None:
    """Send once; NotSent unless the answer is one of success."""
    try:
        within(timeout_s, lambda: _sent(post, timeout_s))
    except TimeoutError:
        raise NotSent(f"{post.host} did not answer within {timeout_s:.3g} s", is_passing=True) from None


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *about: Any) -> None:
        """Let the answer stand as it is, an error."""
        return


def _sent(post: Post, timeout_s: float) -> None:
    headers = {"User-Agent": f"yester/{__version__}", **post.headers}
    opener = urllib.request.build_opener(_NoRedirects)
    try:
        request = urllib.request.Request(post.url, data=post.body, headers=headers, method="POST")
        with opener.open(request, timeout=timeout_s) as answer:
            answer.read(_ENOUGH)
    except urllib.error.HTTPError as problem:
        code = problem.code
        problem.close()
        raise NotSent(_words_of(post.host, code), is_passing=code >= 500 or code == 429) from None
    except TimeoutError:
        raise
    except OSError as problem:
        raise _unreached(post.host, problem) from None
    except http.client.HTTPException:
        raise NotSent(f"{post.host} gave no answer that makes sense", is_passing=True) from None
    except ValueError:
        raise NotSent("its url or one of its headers cannot be sent", is_passing=False) from None


def _words_of(host: str, code: int) -> str:
    if 300 <= code < 400:
        return f"{host} sends us to another address ({code}): give that one as the url"
    return f"{host} answered {code} {http.client.responses.get(code, '')}".rstrip()


def _unreached(host: str, problem: OSError) -> NotSent:
    reason = getattr(problem, "reason", problem)
    if isinstance(reason, TimeoutError):
        raise reason
    if isinstance(reason, ssl.SSLCertVerificationError):
        return NotSent(f"the certificate of {host} is not valid: {reason.verify_message}", is_passing=False)
    words = reason.strerror if isinstance(reason, OSError) and reason.strerror else type(reason).__name__
    return NotSent(f"{host} cannot be reached: {words}", is_passing=True)
