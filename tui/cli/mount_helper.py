"""What mount(8) says, as an fstab line or autofs would: `yester SOURCE MOUNTPOINT -o OPTIONS` is `yester mount`.

mount(8) starts `/sbin/mount.fuse`, which comes with FUSE, for the type `fuse.yester`, and that starts `yester` so,
where it finds one in the system's own folders; of a source `/path/to/yester#SOURCE`, type `fuse`, it starts that one.
"""

from collections.abc import Iterator, Sequence

from yester.engine.errors import UsageError
from yester.engine.nearest import did_you_mean

FLAGS = ("allow_other", "no_xattrs", "keyring")
VALUED = (
    *(
        "owner",
        "profile",
        "snapshot",
        "path",
        "time_format",
        "poll",
        "patience",
        "cache_size",
        "recall",
        "recall_patience",
    ),
    *("passphrase_file", "passphrase_command"),
)
"""Options of `yester mount`, with _ for -."""
_IDLE = frozenset(
    (
        *("defaults", "ro", "rw", "auto", "noauto", "user", "users", "nouser", "group", "nofail", "_netdev", "silent"),
        *("dev", "nodev", "suid", "nosuid", "exec", "noexec", "async", "sync", "dirsync", "loud"),
        *("atime", "noatime", "diratime", "nodiratime", "relatime", "norelatime", "strictatime", "nostrictatime"),
        *("lazytime", "nolazytime"),
    )
)
"""What any file system may be told, and what changes nothing here: for mount(8), or so in any case."""
_IDLE_PREFIXES = ("x-", "comment=", "uhelper=", "helper=")


def from_mount(arguments: Sequence[str]) -> list[str]:
    """Return the words after `yester` that do what mount(8) wants. UsageError for an option that nobody knows."""
    source, mountpoint, *rest = arguments
    options = ",".join(option for word, option in zip(rest[::2], rest[1::2], strict=False) if word == "-o")
    return ["mount", *_repository(source), *_words(options), "--", mountpoint]


def _repository(source: str) -> list[str]:
    """Return which repository is meant; `none`, the usual word for no source, stands for the default one."""
    return [] if source in ("none", "yester") else ["--repo", source]


def _words(options: str) -> Iterator[str]:
    for option in _split(options):
        name, equals, value = option.partition("=")
        if name in VALUED and equals:
            yield from (f"--{name.replace('_', '-')}", value)
        elif name in FLAGS and not equals:
            yield f"--{name.replace('_', '-')}"
        elif option not in _IDLE and not option.startswith(_IDLE_PREFIXES):
            hint = did_you_mean(name, [*FLAGS, *VALUED]) or "Those of yester mount are known, with _ for -."
            raise UsageError(f"{option} is no option of a mount of yester", hint=hint)


def _split(options: str) -> Iterator[str]:
    """Yield the options; a comma in a value stands after a backslash, as fuse takes it."""
    word, escaped = "", False
    for char in options:
        if char == "," and not escaped:
            if word:
                yield word
            word = ""
        elif char == "\\" and not escaped:
            escaped = True
            continue
        else:
            word += char
        escaped = False
    if word:
        yield word
