"""Requests to S3 that the library does not make, signed by us."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from yester.plugins.backends.objects import web
from yester.plugins.backends.objects.aws_signing import Asked, Keys, signed
from yester.plugins.backends.objects.web import Reply


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
        return web.ask(method, f"{scheme}://{host}{asked.target}", headers, body, self.ca_file, self.timeout_s)
