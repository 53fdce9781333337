"""Requests that the library does not make, by urllib."""

import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answers; the headers' names in small letters. A status of 0: it did not."""

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def ask(method: str, url: str, headers: Mapping[str, str], body: bytes, ca_file: str, timeout_s: float) -> Reply:
    """Send a request, whose URL and headers are complete."""
    request = urllib.request.Request(url, body or None, dict(headers), method=method)
    trusted = ssl.create_default_context(cafile=ca_file or None) if url.startswith("https:") else None
    try:
        with urllib.request.urlopen(request, timeout=timeout_s, context=trusted) as response:
            return _reply(response.status, response.headers, response.read())
    except urllib.error.HTTPError as error:
        with error:
            return _reply(error.code, error.headers, error.read())
    except OSError:
        return Reply()


def _reply(status: int, headers: Message, body: bytes) -> Reply:
    return Reply(status, {name.lower(): str(value) for name, value in headers.items()}, body)
