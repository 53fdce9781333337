"""Writing what is in a file: blobs to where they go, holes left out, lost parts noted."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from yester.engine.blobs import BlobSource
from yester.engine.errors import DamageError, Offline
from yester.engine.ids import BlobKind
from yester.engine.store import Buffer
from yester.engine.trees.content import Content

_SEGMENT_SIZE = 4 << 20

Stretch = tuple[bytes, int, int]
"""A blob, where in the file it goes, and its length."""


@dataclass(slots=True)
class Written:
    """What became of a file's content."""

    size: int = 0
    lost: list[str] = field(default_factory=list)
    """Why parts are missing, in words."""
    asleep: Offline | None = None
    """Why nothing of it is to be kept: a part is in an archive."""


def stretches(content: Content) -> Iterator[Stretch]:
    """Yield where each blob of a file goes; what lies between is holes. DamageError when a list cannot be read."""
    offset = 0
    for blob, _, length in content.pieces(0, content.size):
        if blob is not None:
            yield blob, offset, length
        offset += length


def segments(content: Content) -> Iterator[list[Stretch]]:
    """Yield the blobs of a large file, about 4 MiB at a time. DamageError when a list cannot be read."""
    segment: list[Stretch] = []
    size = 0
    for stretch in stretches(content):
        segment.append(stretch)
        size += stretch[2]
        if size >= _SEGMENT_SIZE:
            yield segment
            segment, size = [], 0
    if segment:
        yield segment


def write_content(source: BlobSource, fd: int, content: Content, written: Written) -> None:
    """Write a whole file. OSError when the file system refuses; what cannot be read goes to `written`."""
    try:
        for stretch in stretches(content):
            write_stretch(source, fd, stretch, None, written)
    except DamageError as error:
        written.lost.append(str(error))


def write_stretch(source: BlobSource, fd: int, stretch: Stretch, piece: Buffer | None, written: Written) -> None:
    """Write one blob, which is read if it is not given. OSError, and damage, as in `write_content`."""
    if written.asleep is not None:
        return
    blob, offset, length = stretch
    try:
        data = source.blob(BlobKind.DATA, blob) if piece is None else piece
        if len(data) != length:
            raise DamageError(f"blob {blob.hex()} is not as long as the file says")
    except DamageError as error:
        written.lost.append(str(error))
        return
    except Offline as error:
        written.asleep = error
        return
    done = os.pwrite(fd, data, offset)
    while done < length:
        done += os.pwrite(fd, memoryview(data)[done:], offset + done)
    written.size += length
