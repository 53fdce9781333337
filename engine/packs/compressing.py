"""The program of a process that compresses (engine/packs/compressors.py, which starts it).

It is run as a file by an interpreter that loads neither site packages nor anything of yester: it is at work in 25 ms.
A job is the number of a slot and how many bytes are in it; the answer the number and the compressed size, 0 when the
bytes do not shrink. It ends when its input ends, so whichever way the program that started it goes, it goes too.
"""

import mmap
import os
import signal
import struct
import sys

MESSAGE = struct.Struct("<II")
"""A job or an answer: number of a slot, size. Short enough that a pipe never gives half of one."""

SLOT_SIZE = 1 << 20
"""Plain bytes of a slot; as many follow for the compressed ones."""


def compress_slots(library: str, memory: int, level: int) -> None:
    """Work until the input ends; `library` is the folder of the zstandard package, `memory` the file of the slots."""
    sys.path.append(library)
    import zstandard

    compressor = zstandard.ZstdCompressor(level=level, write_checksum=False)
    slots = memoryview(mmap.mmap(memory, 0))
    while job := os.read(0, MESSAGE.size):
        slot, size = MESSAGE.unpack(job)
        start = 2 * SLOT_SIZE * slot
        packed = compressor.compress(slots[start : start + size])
        kept = len(packed) if len(packed) <= SLOT_SIZE else 0
        start += SLOT_SIZE
        slots[start : start + kept] = packed[:kept]
        os.write(1, MESSAGE.pack(slot, kept))


if __name__ == "__main__":
    # Ctrl-C reaches every process of a terminal; the one that started this one decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    compress_slots(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
