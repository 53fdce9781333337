"""The command lines of the methods that change something: parameters in, words after `yester` out; pure.

What a client sends stands behind `--`, or in one word with its option: it is never taken for an option.
"""

import shlex
from collections.abc import Callable, Sequence

from yester.engine.events import Shown
from yester.tui.serve import params


def as_typed(words: Sequence[str]) -> str:
    """Return a command as a person would type it: without what is there for this program alone."""
    at = words.index("--") if "--" in words else len(words)
    ends = words[at:] if any(word.startswith("-") for word in words[at + 1 :]) else words[at + 1 :]
    return shlex.join(["yester", *(word for word in words[:at] if word != "--json"), *ends])


def text_of(place: Shown) -> str:
    """Return a path as an argument: bytes that are no UTF-8 as Python has them in arguments."""
    return place.raw.decode("utf-8", "surrogateescape")


def snap(asked: params.SnapRun) -> list[str]:
    """Return `yester snap PROFILE`."""
    flags = {"--accept-shrink": asked.accept_shrink, "--regardless": asked.regardless}
    return ["snap", *(flag for flag, is_on in flags.items() if is_on), "--", asked.profile]


def steering(verb: str) -> Callable[[params.OneRun], list[str]]:
    """Return what makes `yester cancel RUN` and its like."""
    return lambda asked: [verb, "--json", "--", asked.run]


def pin(asked: params.PinSnapshot) -> list[str]:
    """Return `yester pin SNAPSHOT`."""
    off = [] if asked.pinned else ["--off"]
    return ["pin", *off, "--json", *_repository(asked), "--", asked.snapshot, *asked.others]


def rename(asked: params.RenameSnapshot) -> list[str]:
    """Return `yester rename SNAPSHOT NAME`."""
    note = [f"--note={asked.note}"] if asked.note else ["--clear-note"]
    name = [asked.name] if asked.name else []
    clear = [] if asked.name else ["--clear"]
    return ["rename", *clear, *note, "--json", *_repository(asked), "--", asked.snapshot, *name]


def tag(asked: params.TagSnapshots) -> list[str]:
    """Return `yester tag SNAPSHOT…`."""
    tags = [*(f"--add={tag}" for tag in asked.add), *(f"--remove={tag}" for tag in asked.remove)]
    return ["tag", *tags, "--json", *_repository(asked), "--", *asked.snapshots]


def forgetting(*how: str) -> Callable[[params.Forgetting], list[str]]:
    """Return what makes `yester forget PROFILE`, or `yester forget --snapshot SNAPSHOT`."""

    def words(asked: params.Forgetting) -> list[str]:
        named = [f"--snapshot={each}" for each in asked.snapshots]
        return ["forget", *how, *named, *_repository(asked), *([] if named else ["--", asked.profile])]

    return words


def check(asked: params.Checking) -> list[str]:
    """Return `yester check`."""
    share = [f"--read-data={asked.read_data}%"] if asked.read_data else []
    return ["check", *share, *_repository(asked)]


def add_key(asked: params.NewKey) -> list[str]:
    """Return `yester key add`."""
    only = ["--write-only"] if asked.write_only else []
    label = [f"--label={asked.label}"] if asked.label else []
    return ["key", "add", *only, *label, "--json", *_repository(asked)]


def remove_key(asked: params.OneKey) -> list[str]:
    """Return `yester key remove KEY`."""
    return ["key", "remove", "--yes", *_repository(asked), "--", asked.key]


def restore(asked: params.Restore) -> list[str]:
    """Return `yester restore SNAPSHOT PATH… --in-place`, or `--target FOLDER`."""
    where = f"--target={text_of(asked.target)}" if asked.target.raw else "--in-place"
    options = [where, f"--on-conflict={asked.on_conflict}", *_repository(asked)]
    return ["restore", *options, "--", asked.snapshot, *map(text_of, asked.entries)]


def on_repository(*words: str) -> Callable[[params.Where], list[str]]:
    """Return what makes `yester check` and its like."""
    return lambda asked: [*words, *_repository(asked)]


def archives(*words: str) -> Callable[[params.Where], list[str]]:
    """Return what makes `yester archive status` and its like."""
    return lambda asked: ["archive", *words, "--json", *_repository(asked)]


def archive_policies(asked: params.Params) -> list[str]:
    """Return `yester archive policies`."""
    return ["archive", "policies", "--json"]


def archive_jobs(asked: params.ArchiveRequest) -> list[str]:
    """Return `yester archive jobs ID`."""
    return ["archive", "jobs", "--json", *_repository(asked), "--", asked.request]


def on_request(verb: str, *flags: str) -> Callable[[params.ArchiveRequest], list[str]]:
    """Return what makes `yester archive retry ID` and its like."""
    return lambda asked: ["archive", verb, *flags, *_repository(asked), "--", asked.request]


def hand_over(*flags: str) -> Callable[[params.HandOver], list[str]]:
    """Return what makes `yester archive put …`, with such flags besides."""

    def words(asked: params.HandOver) -> list[str]:
        target = [f"--to={asked.archive}"] if asked.archive else []
        target += [f"--policy={asked.policy}"] if asked.policy else []
        purge = ["--purge"] if asked.purge else []
        return ["archive", "put", *_meant(asked), *target, *purge, *flags, *_repository(asked), "--", *asked.names]

    return words


def purge(*flags: str) -> Callable[[params.Archiving], list[str]]:
    """Return what makes `yester archive purge …`, with such flags besides."""
    return lambda asked: ["archive", "purge", *_meant(asked), *flags, *_repository(asked), "--", *asked.names]


def recall(*flags: str) -> Callable[[params.Recall], list[str]]:
    """Return what makes `yester recall SNAPSHOT:PATH`, with such flags besides."""

    def words(asked: params.Recall) -> list[str]:
        what = f"{asked.snapshot}:{text_of(asked.path)}" if asked.path.raw else asked.snapshot
        return ["recall", *flags, *_repository(asked), "--", what]

    return words


def _meant(asked: params.Archiving) -> list[str]:
    return [
        *([f"--older-than={asked.older_than}"] if asked.older_than else []),
        *([f"--tag={asked.tag}"] if asked.tag else []),
    ]


def mount(asked: params.Mount) -> list[str]:
    """Return `yester mount FOLDER`."""
    only = [f"--snapshot={asked.snapshot}"] if asked.snapshot else []
    make = ["--make-folder"] if asked.make_folder else []
    return ["mount", *only, *make, *_repository(asked), "--", text_of(asked.mountpoint)]


def unmount(asked: params.Unmounting) -> list[str]:
    """Return `yester umount FOLDER`."""
    return ["umount", *(["--lazy"] if asked.lazy else []), "--", text_of(asked.mountpoint)]


def clean_mounts(asked: params.Params) -> list[str]:
    """Return `yester mounts --clean`."""
    return ["mounts", "--clean", "--json"]


def read_messages(asked: params.MessagesRead) -> list[str]:
    """Return `yester messages --mark-read`."""
    which = [f"--id={id}" for id in asked.ids] or ["--unread"]
    return ["messages", "--all", "--mark-read", *which, "--json"]


def switching(verb: str) -> Callable[[params.PluginNamed], list[str]]:
    """Return what makes `yester plugin enable NAME` and its like."""
    return lambda asked: ["plugin", verb, "--yes", *_profile(asked), "--", asked.plugin]


def apply_plugins(asked: params.PluginsApplied) -> list[str]:
    """Return `yester plugin apply NAME…`."""
    return ["plugin", "apply", "--yes", *_profile(asked), "--", *asked.plugins]


def set_options(asked: params.PluginOptions) -> list[str]:
    """Return `yester plugin options NAME --set OPTION=VALUE…`."""
    changed = [*(f"--set={value}" for value in asked.values), *(f"--ask={name}" for name in asked.secrets)]
    changed += [f"--unset={name}" for name in asked.defaults]
    return ["plugin", "options", *changed, "--json", *_profile(asked), "--", asked.plugin]


def run_offer(asked: params.PluginOffer) -> list[str]:
    """Return `yester plugin run NAME OFFER OPTION=VALUE…`."""
    return ["plugin", "run", "--json", *_profile(asked), "--", asked.plugin, asked.offer, *asked.values]


def add_profile(*flags: str) -> Callable[[params.NewProfile], list[str]]:
    """Return what makes `yester profile add NAME PATH…`, with such flags besides."""

    def words(asked: params.NewProfile) -> list[str]:
        options = [f"--repo={asked.repository}"] if asked.repository else []
        options += [f"--exclude={pattern}" for pattern in asked.excludes]
        options += [f"--exclude-larger-than={asked.larger_than}"] if asked.larger_than else []
        options += [] if asked.caches else ["--no-exclude-caches"]
        options += ["--one-file-system"] if asked.one_file_system else []
        options += [] if asked.default_excludes else ["--no-default-excludes"]
        options += [f"--set={setting}" for setting in asked.settings]
        return ["profile", "add", *flags, *options, "--json", "--", asked.name, *map(text_of, asked.sources)]

    return words


def edit_profile(asked: params.EditProfile) -> list[str]:
    """Return `yester profile edit NAME --set KEY=VALUE`."""
    lists = (("set", asked.settings), ("add", asked.additions), ("drop", asked.drops), ("unset", asked.removals))
    return ["profile", "edit", *(f"--{how}={each}" for how, some in lists for each in some), "--", asked.profile]


def copy_profile(asked: params.CopyProfile) -> list[str]:
    """Return `yester profile copy NAME NEW`."""
    return ["profile", "copy", *(f"--set={each}" for each in asked.settings), "--", asked.profile, asked.new]


def remove_profile(asked: params.OfProfile) -> list[str]:
    """Return `yester profile remove NAME`."""
    return ["profile", "remove", "--yes", "--", asked.profile]


def recover_profile(asked: params.RecoverProfile) -> list[str]:
    """Return `yester profile recover NAME`."""
    return ["profile", "recover", "--force", "--json", *_repository(asked), "--", asked.name]


def make_repository(asked: params.NewRepository) -> list[str]:
    """Return `yester init REPO`."""
    options = [] if asked.encrypted else ["--no-encryption"]
    return ["init", *options, "--json", *(["--", asked.repository] if asked.repository else [])]


def keep_passphrase(asked: params.KeepPassphrase) -> list[str]:
    """Return `yester key keep FILE`."""
    file = text_of(asked.file)
    where = ["--", file] if file else []
    return ["key", "keep", *([] if file else ["--in-keyring"]), *_repository(asked), *where]


def look_at(asked: params.LookAt) -> list[str]:
    """Return `yester backend look URL`."""
    return ["backend", "look", "--json", "--", asked.place]


def scheduling(verb: str) -> Callable[[params.OfProfile], list[str]]:
    """Return what makes `yester schedule enable PROFILE` and its like."""
    return lambda asked: ["schedule", verb, "--json", "--", asked.profile]


def _repository(asked: params.Where) -> list[str]:
    return [f"--repo={asked.repository}"] if asked.repository else []


def _profile(asked: params.PluginsWanted) -> list[str]:
    return [f"--profile={asked.profile}"] if asked.profile else []
