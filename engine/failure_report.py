"""What a snapshot says about entries that it could not keep whole (docs/format.md, section 5, text blobs)."""

from collections.abc import Iterable, Sequence
from itertools import islice

import msgspec

from yester.engine.events import path_fields

MAX_REPORTED = 10_000
"""Failures that are written into a snapshot; the journal of the run has them all."""


def encode_report(failures: Iterable[tuple[bytes, str]], before: Sequence[bytes] = ()) -> bytes:
    """Return failures, as paths and what is wrong with them, as lines of JSON after the lines `before`."""
    return b"\n".join([*before, *(_line(path, what) for path, what in islice(failures, MAX_REPORTED))])


def _line(path: bytes, what: str) -> bytes:
    text, exact = path_fields(path)
    return msgspec.json.encode({"path": text, "path_b64": exact, "what": what})
