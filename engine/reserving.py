"""Room of a file system that is kept for a file before there is anything to write."""

import ctypes

_KEEP_SIZE = 0x01


def reserve(descriptor: int, at: int, size: int) -> bool:
    """Keep room for so many bytes from there on; the file stays as long as it is, and lets go when it is cut there.

    Returns whether it is kept: not where there is none, nor where the file system or the C library cannot.
    """
    try:
        fallocate = ctypes.CDLL(None).fallocate
    except (OSError, AttributeError):
        return False
    return bool(fallocate(descriptor, _KEEP_SIZE, ctypes.c_long(at), ctypes.c_long(size)) == 0)
