"""Padmé: rounded sizes that tell little (at most log log L bits) and cost at most 12 % (docs/format.md, 4.1)."""

RECORD_MINIMUM = 1024
PACK_MINIMUM = 65536


def padme(size: int, minimum: int = 0) -> int:
    """Return the padded length of `size` bytes, at least `minimum`."""
    size = max(size, minimum)
    if size < 2:
        return size
    exponent = size.bit_length() - 1
    step = 1 << (exponent - exponent.bit_length())
    return -(-size // step) * step
