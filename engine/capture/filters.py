"""What a snapshot leaves out.

Patterns are those of .gitignore with two differences, since a profile has several sources: a leading slash is the
root of the file system, and a pattern with a slash in its middle matches at any depth. A full gitignore match costs
three times what reading an entry's attributes does, so patterns without wildcards and plain endings (`*.o`) go to
sets and only the rest to pathspec. A negated pattern makes order matter: then everything goes to pathspec.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

from yester.engine.errors import UsageError
from yester.engine.profiles.profile import FilterSpec

CACHE_TAG = b"CACHEDIR.TAG"
CACHE_TAG_SIGNATURE = b"Signature: 8a477f597d28d172789f06886806bc55"
_WILDCARDS = frozenset("*?[]!\\")
_ANY_NAME = b"any name at all"
_PIECE = re.compile(r"\\.|\[\^/\]|(?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])", re.DOTALL)
"""Pieces of a regular expression that the library makes: an escape, what it has for a star, a set of characters."""

DEFAULT_EXCLUDES = (
    ".cache/",
    ".Trash-*/",
    ".local/share/Trash/",
    "lost+found/",
    "/proc/*",
    "/sys/*",
    "/dev/*",
    "/run/*",
    "/tmp/*",
    "/var/tmp/*",
    "/swapfile",
    ".gvfs",
)
"""What hardly anybody wants back; `yester profile show` lists them, `--no-default-excludes` drops them."""


def read_pattern_file(path: Path) -> tuple[str, ...]:
    """Return the patterns of a file, one a line, `#` begins a comment. UsageError when it cannot be read."""
    try:
        text = path.read_text("utf-8", "surrogateescape")
    except OSError as error:
        raise UsageError(
            f"The exclude file {path} cannot be read: {error.strerror}", hint="Correct or drop --exclude-file."
        ) from None
    return tuple(line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))


def patterns_of(spec: FilterSpec) -> tuple[str, ...]:
    """Return all patterns of a profile in the order in which they count: the defaults, those of files, its own."""
    files = (pattern for path in spec.exclude_files for pattern in read_pattern_file(path))
    return (*(DEFAULT_EXCLUDES if spec.defaults else ()), *files, *spec.excludes)


@dataclass(slots=True)
class _Names:
    """Patterns about an entry's own name or whole path that need no pattern matching."""

    names: set[bytes] = field(default_factory=set)
    paths: set[bytes] = field(default_factory=set)
    starts: list[bytes] = field(default_factory=list)
    ends: list[bytes] = field(default_factory=list)

    def takes(self, text: str) -> bool:
        """File a pattern without its trailing slash; False when it needs a real match."""
        encoded = text.encode("utf-8", "surrogateescape")
        inner = text.strip("*")
        if not inner or _WILDCARDS & set(inner) or text != text.strip() or "**" in text:
            return False
        if text.startswith("/"):
            if inner != text:
                return False
            self.paths.add(encoded)
        elif "/" in text or (text[0] == text[-1] == "*"):
            return False
        else:
            place = self.ends if text[0] == "*" else self.starts if text[-1] == "*" else None
            if place is None:
                self.names.add(encoded)
            else:
                place.append(encoded.strip(b"*"))
        return True

    def hit(self, name: bytes) -> bool:
        return name in self.names or name.startswith(tuple(self.starts)) or name.endswith(tuple(self.ends))


def _emptied_folder(pattern: str) -> bytes | None:
    """Return the folder of a pattern such as `/proc/*`, which leaves the folder and takes all in it."""
    body = pattern[:-1]
    plain = pattern.startswith("/") and pattern.endswith("/*") and not _WILDCARDS & set(body)
    return body.encode("utf-8", "surrogateescape") if plain else None


def _anywhere(pattern: str) -> str:
    """Let a pattern with a slash in its middle match at any depth."""
    bang, body = ("!", pattern[1:]) if pattern.startswith("!") else ("", pattern)
    inner = body.rstrip("/")
    return f"{bang}**/{body}" if "/" in inner and not inner.startswith(("/", "**/")) else pattern


def _compiled(patterns: list[str]) -> list[tuple[re.Pattern[str], bool]]:
    try:
        compiled = [GitIgnoreSpecPattern(pattern) for pattern in patterns]
    except ValueError as error:
        raise UsageError(f"An exclude pattern cannot be read: {error}", hint="Write it as in a .gitignore.") from None
    return [
        (re.compile(_of_itself(each.regex.pattern), re.DOTALL), bool(each.include)) for each in compiled if each.regex
    ]


def _of_itself(regex: str) -> str:
    """Make of the library's regular expression, which takes also what is below, one for the entry alone.

    What is below a folder that is left out is never asked about, but for a source there: that one was asked for. The
    library also lets `a[!b]` take the folder `a`, since that is asked as `a/`: no `[…]` here takes a slash.
    """
    within_names = _PIECE.sub(lambda piece: f"(?!/){piece[0]}" if piece["set"] else piece[0], regex)
    return rf"(?:{within_names})\Z" if "(?P<ps_d>" in regex else within_names


def _literal(pattern: str) -> bytes:
    """Return bytes that every path must have that the pattern takes; empty when there are none to tell."""
    if "[" in pattern or "\\" in pattern or pattern.startswith("!"):
        return b""
    pieces = [piece.strip("/ ") for piece in pattern.replace("?", "*").split("*")]
    return max(pieces, key=len).encode("utf-8", "surrogateescape")


class _Spec:
    """Patterns that need regular expressions, which are tried only on paths that have what one of them must have."""

    __slots__ = ("_literals", "_rules")

    def __init__(self, patterns: list[str]) -> None:
        self._rules = _compiled(patterns)[::-1]
        self._literals = [_literal(pattern) for pattern in patterns]

    def __bool__(self) -> bool:
        return bool(self._rules)

    def matches(self, path: bytes, is_directory: bool) -> bool:
        """Whether the last pattern that has a say about this entry takes it."""
        if not any(literal in path for literal in self._literals):
            return False
        text = path.decode("utf-8", "surrogateescape").lstrip("/") + "/" * is_directory
        return next((takes for regex, takes in self._rules if regex.search(text)), False)


class Filter:
    """Compiled rules. `path` is always the absolute path of the entry, `name` its last part."""

    def __init__(self, spec: FilterSpec) -> None:
        """Read the pattern files and compile everything; UsageError when a file or a pattern cannot be read."""
        patterns = patterns_of(spec)
        self._made_of = repr((patterns, spec)).encode("utf-8", "surrogateescape")
        self.larger_than = spec.larger_than
        self.one_file_system = spec.one_file_system
        self.caches = spec.caches
        self._any, self._folder = _Names(), _Names()
        self._emptied: set[bytes] = set()
        specs: dict[bool, list[str]] = {False: [], True: []}
        negated = any(pattern.startswith("!") for pattern in patterns)
        for pattern in patterns:
            folder_only = pattern.endswith("/")
            if negated or not self._file(pattern, folder_only):
                specs[folder_only and not negated].append(_anywhere(pattern))
        self._spec, self._folder_spec = _Spec(specs[False]), _Spec(specs[True])
        self._starts, self._ends = tuple(self._any.starts), tuple(self._any.ends)
        self._markers = frozenset(name.encode("utf-8", "surrogateescape") for name in spec.if_present)

    def _file(self, pattern: str, folder_only: bool) -> bool:
        emptied = _emptied_folder(pattern)
        if emptied is not None:
            self._emptied.add(emptied)
            return True
        return (self._folder if folder_only else self._any).takes(pattern.rstrip("/"))

    def kept(self, folder: bytes, names: Iterable[bytes]) -> list[bytes]:
        """Return the names that no rule leaves out whatever they are; `folder` ends with a slash."""
        if folder in self._emptied:
            return []
        plain, starts, ends, paths = self._any.names, self._starts, self._ends, self._any.paths
        kept = [n for n in names if n not in plain]
        if starts or ends:
            kept = [n for n in kept if not n.endswith(ends) and not n.startswith(starts)]
        if paths:
            kept = [n for n in kept if folder + n not in paths]
        return kept

    def excluded(self, folder: bytes, name: bytes, is_directory: bool) -> bool:
        """Whether an entry that passed `kept` is left out now that its type is known."""
        if is_directory and (self._folder.hit(name) or folder + name in self._folder.paths):
            return True
        path = folder + name
        return self._spec.matches(path, is_directory) or (is_directory and self._folder_spec.matches(path, True))

    def empties(self, source: bytes) -> bool:
        """Whether no rule lets anything be taken that is in this source, whatever its name."""
        folder = source.rstrip(b"/") + b"/"
        return not self.kept(folder, [_ANY_NAME]) or all(
            self.excluded(folder, _ANY_NAME, is_directory) for is_directory in (False, True)
        )

    @property
    def needs_types(self) -> bool:
        """Whether `excluded` can say yes to a file; without it only directories need to be asked."""
        return bool(self._spec)

    def marker(self, names: Iterable[bytes]) -> bytes | None:
        """Return the marker file that empties this folder (--exclude-if-present), if one is among `names`."""
        return next((name for name in names if name in self._markers), None) if self._markers else None

    def fingerprint(self) -> bytes:
        """What the rules are, for telling whether cached listings still apply."""
        return self._made_of


def is_cache_tag(head: bytes) -> bool:
    """Whether a CACHEDIR.TAG that begins with `head` is valid (Cache Directory Tagging, version 0.6)."""
    return head.startswith(CACHE_TAG_SIGNATURE)
