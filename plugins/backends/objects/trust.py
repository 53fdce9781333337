"""How a server is spoken to: over TLS, whose certificates are trusted, and for how long it may be silent."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from yester.engine.errors import UsageError
from yester.plugins.backends.objects.client import STALL_S
from yester.plugins.options.spec import Option

if TYPE_CHECKING:
    from obstore.store import ClientConfig

COMMON: Mapping[str, Option] = {
    "ca_file": Option("path", "", "Certificates of authorities that are trusted besides the system's, as PEM."),
    "timeout": Option("seconds", STALL_S, "How long nothing may move before a request is given up, and tried again."),
}
"""What the backends of this package have in common."""

_ENDPOINT = re.compile(r"https?://[^/?#@\s]+(/[^?#@\s]*)?")


def endpoint_url(text: str) -> str:
    """Return a server's URL as the library takes it; empty stays empty. UsageError."""
    if text and not _ENDPOINT.fullmatch(text):
        raise UsageError("The endpoint is no URL of a server", hint="Write it as https://host or https://host:port.")
    return text.rstrip("/")


def trust(ca_file: str, endpoint: str) -> "ClientConfig":
    """Return what all requests to a server have in common. UsageError for a file that cannot be read."""
    options: ClientConfig = {"allow_http": endpoint.startswith("http://")}
    if ca_file:
        try:
            options["root_certificate"] = Path(ca_file).expanduser().read_bytes()
        except OSError as error:
            raise UsageError(f"The certificates in {ca_file} cannot be read: {error.strerror}") from None
    return options
