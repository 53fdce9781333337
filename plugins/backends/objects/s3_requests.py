"""Requests to S3 that the library does not make: by urllib, signed by us."""

import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message

from yester.plugins.backends.objects.aws_signing import Asked, Keys, signed


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answers; the headers' names in small letters. A status of 0: it did not."""

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Requests:
    """Asks one bucket."""

    base: str
    """https://host, and the bucket's name where it stands in the path."""
    region: str
    keys: Callable[[], Keys]
    ca_file: str = ""
    timeout_s: float = 60

    def ask(self, method: str, key: str, query: Sequence[tuple[str, str]] = (), body: bytes = b"") -> Reply:
        """Send a request about a key, or the bucket where it is empty."""
        scheme, _, rest = self.base.partition("://")
        host, _, path = rest.partition("/")
        asked = Asked(
            method,
            host,
            "/" + "/".join(part for part in (path, key) if part),
            query,
            {"content-type": "application/xml"} if body else {},
            body,
        )
        headers = signed(asked, self.keys(), self.region, datetime.now(UTC))
        request = urllib.request.Request(f"{scheme}://{host}{asked.target}", body or None, headers, method=method)
        trusted = ssl.create_default_context(cafile=self.ca_file or None) if scheme == "https" else None
        try:
            with urllib.request.urlopen(request, timeout=self.timeout_s, context=trusted) as response:
                return _reply(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            with error:
                return _reply(error.code, error.headers, error.read())
        except OSError:
            return Reply()


def _reply(status: int, headers: Message, body: bytes) -> Reply:
    return Reply(status, {name.lower(): str(value) for name, value in headers.items()}, body)
