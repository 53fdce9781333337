"""Addresses: s3://bucket/prefix and its kin. Pure.

Where the server is not its provider's own, it is an option; or, for S3, stands in the URL, whose scheme then says how
it is spoken to: s3+https://host:port/bucket/prefix.
"""

import re
from dataclasses import dataclass

from yester.engine.errors import UsageError

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_][A-Za-z0-9_.-]*)(:[0-9]{1,5})?")
_BUCKET = re.compile(r"[A-Za-z0-9$][A-Za-z0-9._-]{1,221}")
_PART = re.compile(r"[^\x00-\x1f\x7f%?#\\]+")
_MOST = 900
"""Keys may have 1024 bytes; an object's own path takes up to 86 of them."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a repository lies. `prefix` has no slash at either end, and is empty for a whole bucket."""

    kind: str
    """s3, gs or az."""
    bucket: str
    prefix: str = ""
    endpoint: str = ""
    """https://host:port; empty where the URL names none."""

    def key(self, path: str) -> str:
        """Return the key of what lies at a path of the repository; the empty path is the repository itself."""
        return "/".join(part for part in (self.prefix, path) if part)

    def path(self, key: str) -> str:
        """Return where in the repository a key lies that is below it."""
        return key[len(self.prefix) + 1 :] if self.prefix else key

    def __str__(self) -> str:
        scheme, _, host = self.endpoint.partition("://")
        front = f"{self.kind}+{scheme}://{host}/" if self.endpoint else f"{self.kind}://"
        return front + self.key("").join((f"{self.bucket}/", "")).rstrip("/")


def parse(url: str, variables: str) -> Address:
    """Return what a URL means. UsageError, in which no secret is repeated; `variables`: where secrets belong."""
    scheme, _, rest = url.partition("://")
    kind, _, transport = scheme.lower().partition("+")
    noun = "container" if kind == "az" else "bucket"
    form = f"Write it as {kind}://{noun}/prefix" + (
        f", or {kind}+https://host:port/bucket/prefix." if kind == "s3" else "."
    )
    authority, _, path = rest.partition("/")
    if "@" in authority:
        raise UsageError(
            f"Credentials stand in {_article(kind)} {kind}:// URL, where they would be kept and shown",
            hint=f"Take them out: {variables}",
        )
    endpoint = ""
    if transport:
        if not _HOST.fullmatch(authority):
            raise UsageError(f"{url} names no server", hint=form)
        endpoint = f"{transport}://{authority}"
        authority, _, path = path.partition("/")
    elif ":" in authority:
        hint = f"With a server of your own: {kind}+https://{authority}/{path or 'bucket'}" if kind == "s3" else form
        raise UsageError(f"{authority} cannot be the name of a {noun}", hint=hint)
    if not _BUCKET.fullmatch(authority):
        raise UsageError(f"{url} names no {noun}", hint=form)
    return Address(kind, authority, _prefix(url, path, kind), endpoint)


def _prefix(url: str, path: str, kind: str) -> str:
    if "?" in path:
        hint = f"Options come from the environment, or from [backends.{kind}] of a profile."
        raise UsageError(f"{url} has a question mark, which no prefix may have", hint=hint)
    parts = [part for part in path.split("/") if part]
    if not all(_PART.fullmatch(part) and part not in (".", "..") for part in parts):
        raise UsageError(
            f"{url} has a prefix that not every server takes as it is written",
            hint="Letters, digits, spaces and - _ . / are safe.",
        )
    prefix = "/".join(parts)
    if len(prefix.encode("utf-8", "surrogateescape")) > _MOST or not _is_text(prefix):
        raise UsageError(f"{url} has a prefix that is too long, or no text", hint="Take a short one.")
    return prefix


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _article(kind: str) -> str:
    return "an" if kind in ("s3", "az") else "a"
