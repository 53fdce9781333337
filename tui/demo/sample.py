"""Choosing, in any folder, a small part that makes a good example."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

FILES_LIMIT = 60
SIZE_LIMIT = 4_000_000
"""Bytes: an example is copied and compared in the blink of an eye."""
FOLDERS_LIMIT = 5_000
"""So many folders are looked at before one that is less than ideal will do."""

PASSED_OVER = frozenset({"__pycache__", "site-packages", "dist-packages", "node_modules"})
"""Folders of made or fetched things: large, and often excluded from snapshots."""
TEXT_SUFFIXES = frozenset({"", ".csv", ".html", ".json", ".md", ".py", ".rst", ".txt"})
MADE_SUFFIXES = (".pyc", ".o", ".tmp", ".swp", "~")


@dataclass(frozen=True, slots=True)
class Sample:
    """A folder that holds nothing but a few small files."""

    folder: Path
    files: tuple[str, ...]

    def to_lose(self) -> str:
        """Return the file that the story loses."""
        return self.files[0]

    def to_change(self) -> str | None:
        """Return the file to add a line to: a text if there is one, None when losing one leaves none."""
        others = self.files[1:]
        texts = (name for name in others if Path(name).suffix in TEXT_SUFFIXES)
        return next(texts, next(iter(others), None))


def _is_plain(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a readable file that any profile would keep."""
    return (
        entry.is_file(follow_symlinks=False)
        and not entry.name.startswith(".")
        and not entry.name.endswith(MADE_SUFFIXES)
        and os.access(entry.path, os.R_OK)
    )


def _sample_of(folder: Path) -> Sample | None:
    """Return `folder` as a sample when it is one: only plain files, not too many, not too large."""
    with os.scandir(folder) as listing:
        entries = sorted(islice(listing, FILES_LIMIT + 1), key=lambda entry: entry.name)
    if not 0 < len(entries) <= FILES_LIMIT or not all(map(_is_plain, entries)):
        return None
    if sum(entry.stat().st_size for entry in entries) > SIZE_LIMIT:
        return None
    return Sample(folder, tuple(entry.name for entry in entries))


def _folders(top: Path) -> Iterator[Path]:
    """Yield the folders below and including `top` that can be listed, in sorted preorder."""
    for name, below, _ in os.walk(top):
        below[:] = sorted(one for one in below if one not in PASSED_OVER and not one.startswith("."))
        if os.access(name, os.R_OK | os.X_OK):
            yield Path(name)


def choose_sample(sources: list[Path], files_wanted: int = 3) -> Sample | None:
    """Return the first good sample in the sources, or the fullest found; None when there is no file to show."""
    fullest: Sample | None = None
    for source in sources:
        for folder in islice(_folders(source), FOLDERS_LIMIT):
            sample = _sample_of(folder)
            if sample and len(sample.files) >= files_wanted:
                return sample
            if sample and (fullest is None or len(sample.files) > len(fullest.files)):
                fullest = sample
    return fullest
