"""The C library's allocator, told to keep what it frees.

By default a block of a megabyte is mapped and unmapped each time: page faults alone cost a third of the
throughput of two threads that compress and seal. Shells call this once, at start.
"""

import ctypes

_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_MEBIBYTE = 1 << 20


def keep_freed_memory() -> bool:
    """Let blocks of up to 32 MiB come from the heap and stay there when freed (at most 64 MiB at its end).

    Returns whether the C library took it; one without `mallopt` (musl) is left as it is.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    taken = [mallopt(_M_MMAP_THRESHOLD, 32 * _MEBIBYTE), mallopt(_M_TRIM_THRESHOLD, 64 * _MEBIBYTE)]
    return all(taken)
