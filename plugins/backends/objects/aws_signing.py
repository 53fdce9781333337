"""Signatures of requests to S3, for the few that the library does not know. Pure.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Keys:
    """What signs a request."""

    access: str
    secret: str
    token: str = ""
    expires: datetime | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it is to be signed."""

    method: str
    host: str
    path: str
    """Not quoted."""
    query: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def target(self) -> str:
        """Path and query as they are sent."""
        query = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in sorted(self.query))
        return quote(self.path, safe="/-_.~") + (f"?{query}" if query else "")


def signed(asked: Asked, keys: Keys, region: str, now: datetime) -> dict[str, str]:
    """Return the headers to send, host and signature among them."""
    moment = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{moment[:8]}/{region}/s3/aws4_request"
    digest = hashlib.sha256(asked.body).hexdigest()
    headers = {name.lower(): value for name, value in asked.headers.items()}
    headers |= {"host": asked.host, "x-amz-content-sha256": digest, "x-amz-date": moment}
    if keys.token:
        headers["x-amz-security-token"] = keys.token
    names = ";".join(sorted(headers))
    path, _, query = asked.target.partition("?")
    listed = "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(headers))
    canonical = "\n".join((asked.method, path, query, listed, names, digest))
    said = "\n".join((_ALGORITHM, moment, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    secret = f"AWS4{keys.secret}".encode()
    for step in (moment[:8], region, "s3", "aws4_request"):
        secret = hmac.digest(secret, step.encode(), "sha256")
    signature = hmac.digest(secret, said.encode(), "sha256").hex()
    credential = f"Credential={keys.access}/{scope}"
    return {**headers, "authorization": f"{_ALGORITHM} {credential},SignedHeaders={names},Signature={signature}"}


def _quoted(text: str) -> str:
    return quote(text, safe="-_.~")
