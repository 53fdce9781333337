"""Requests to Azure's store, signed with the key of an account.

https://learn.microsoft.com/en-us/rest/api/storageservices/authorize-with-shared-key
"""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import formatdate
from urllib.parse import quote

VERSION = "2021-08-06"


def signed(method: str, path: str, query: Mapping[str, str], account: str, key: str) -> dict[str, str]:
    """Return the headers of a request without a body."""
    headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": VERSION}
    said = "".join(f"{name}:{value}\n" for name, value in sorted(headers.items()))
    asked = "".join(f"\n{name}:{value}" for name, value in sorted(query.items()))
    text = f"{method}{NEWLINES}{said}/{account}{path}{asked}"
    return {**headers, "authorization": f"SharedKey {account}:{_signature(text, key)}"}


NEWLINES = "\n" * 12
"""The lines of the headers that these requests do not have."""


def container_signature(container: str, account: str, key: str, rights: str, begin: datetime, end: datetime) -> str:
    """Return a shared access signature for a container."""
    start, expiry = (moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for moment in (begin, end))
    lines = [rights, start, expiry, f"/blob/{account}/{container}", "", "", "", VERSION, "c", "", "", *[""] * 5]
    fields = {
        "sp": rights,
        "st": start,
        "se": expiry,
        "sv": VERSION,
        "sr": "c",
        "sig": _signature("\n".join(lines), key),
    }
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in fields.items())


def _signature(text: str, key: str) -> str:
    return b64encode(hmac.digest(b64decode(key), text.encode(), "sha256")).decode()
