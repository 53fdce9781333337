"""`slugify`, which plugins of 2015 import from a package of that name, for want of it."""

import re
import unicodedata


def slugify(text: str) -> str:
    """Return a text in small letters, digits and dashes."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
