"""Archives as commands open them, with plugins that a test puts into the folder."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from yester.engine.archive.port import FileSet
from yester.engine.events import Message
from yester.engine.places import Places
from yester.engine.profiles.profile import Profile
from yester.plugins.portal.archives import PortalArchives, open_archives


class Heard:
    """Keeps what is said."""

    def __init__(self) -> None:
        self.said_texts: list[str] = []
        self.printed_texts: list[str] = []

    def said(self, message: Message) -> None:
        self.said_texts.append(message.text)

    def printed(self, message: Message) -> None:
        self.printed_texts.append(f"{message.source}: {message.text}")


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def put(home: Path) -> Callable[[str, str | dict[str, str]], Path]:
    """Put a plugin into the folder: a file, or a package by its files."""

    def put(name: str, text: str | dict[str, str]) -> Path:
        folder = Places.default().data / "plugins" / "portal"
        folder.mkdir(parents=True, exist_ok=True)
        if isinstance(text, str):
            (folder / f"{name}.py").write_text(text)
            return folder / f"{name}.py"
        (folder / name).mkdir()
        for file, content in text.items():
            (folder / name / file).write_text(content)
        return folder / name

    return put


@pytest.fixture
def open_them(home: Path, heard: Heard) -> Iterator[Callable[..., PortalArchives]]:
    """Open archives; closed at the end."""
    opened: list[PortalArchives] = []

    def open_them(profile: Profile | None = None, stopping: Callable[[], bool] = lambda: False) -> PortalArchives:
        opened.append(open_archives(Places.default(), heard, profile=profile, stopping=stopping))
        return opened[-1]

    yield open_them
    for each in opened:
        each.close()


@pytest.fixture
def pack(tmp_path: Path) -> Callable[..., FileSet]:
    """Make a file, and return the file set that it is; on several mirrors where they are named."""

    def pack(name: str, content: bytes = b"content", *folders: str) -> FileSet:
        paths = [tmp_path / folder / name for folder in folders or ("online",)]
        for path in paths:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        return FileSet([str(path) for path in paths], name, hashlib.sha1(content).hexdigest())

    return pack


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A folder for plugins to keep copies in."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    return folder
