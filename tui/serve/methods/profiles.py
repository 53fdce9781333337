"""Profiles and their schedules; pure."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from yester.tui.serve.methods.kinds import Change, Look, Method
from yester.tui.serve.methods.params import Params, Where
from yester.tui.serve.methods.sources import Filters
from yester.tui.serve.methods.words import repository_option, text_of


class OfProfile(Params, frozen=True, kw_only=True):
    """One profile."""

    profile: str


class NewProfile(Filters, frozen=True, kw_only=True):
    """A profile that is to be added."""

    name: str
    repository: str = ""
    settings: tuple[str, ...] = ()
    """Other keys, each as KEY=VALUE."""


class EditProfile(OfProfile, frozen=True, kw_only=True):
    """Keys of a profile that are to change."""

    settings: tuple[str, ...] = ()
    """Each as KEY=VALUE."""
    removals: tuple[str, ...] = ()
    """Keys that are to have their default."""
    additions: tuple[str, ...] = ()
    """Items that come to lists, each as KEY=ITEM."""
    drops: tuple[str, ...] = ()
    """Items that go from lists."""


class CopyProfile(OfProfile, frozen=True, kw_only=True):
    """A profile that is to be there under another name too."""

    new: str
    settings: tuple[str, ...] = ()
    """What the new one says differently, each as KEY=VALUE."""


class RecoverProfile(Where, frozen=True, kw_only=True):
    """A profile whose copy in a repository is to take the place of what is here."""

    name: str


def add_profile(*flags: str) -> Callable[[NewProfile], list[str]]:
    """Return what makes `yester profile add NAME PATH…`, with such flags besides."""

    def words(asked: NewProfile) -> list[str]:
        options = [f"--repo={asked.repository}"] if asked.repository else []
        options += [f"--exclude={pattern}" for pattern in asked.excludes]
        options += [f"--exclude-larger-than={asked.larger_than}"] if asked.larger_than else []
        options += [] if asked.caches else ["--no-exclude-caches"]
        options += ["--one-file-system"] if asked.one_file_system else []
        options += [] if asked.default_excludes else ["--no-default-excludes"]
        options += [f"--set={setting}" for setting in asked.settings]
        return ["profile", "add", *flags, *options, "--json", "--", asked.name, *map(text_of, asked.sources)]

    return words


def edit_profile(asked: EditProfile) -> list[str]:
    """Return `yester profile edit NAME --set KEY=VALUE`."""
    lists = (("set", asked.settings), ("add", asked.additions), ("drop", asked.drops), ("unset", asked.removals))
    return ["profile", "edit", *(f"--{how}={each}" for how, some in lists for each in some), "--", asked.profile]


def copy_profile(asked: CopyProfile) -> list[str]:
    """Return `yester profile copy NAME NEW`."""
    return ["profile", "copy", *(f"--set={each}" for each in asked.settings), "--", asked.profile, asked.new]


def remove_profile(asked: OfProfile) -> list[str]:
    """Return `yester profile remove NAME`."""
    return ["profile", "remove", "--yes", "--", asked.profile]


def recover_profile(asked: RecoverProfile) -> list[str]:
    """Return `yester profile recover NAME`."""
    return ["profile", "recover", "--force", "--json", *repository_option(asked), "--", asked.name]


def scheduling(verb: str) -> Callable[[OfProfile], list[str]]:
    """Return what makes `yester schedule enable PROFILE` and its like."""
    return lambda asked: ["schedule", verb, "--json", "--", asked.profile]


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "profiles.list": Look(
            Params,
            "profiles:profiles",
            "each profile; an error after them when another one cannot be read",
            "yester profile list --json",
        ),
        "profiles.status": Look(Params, "profiles:status", "how each profile stands", "yester status --json"),
        "profiles.settings": Look(
            OfProfile,
            "profiles:settings",
            "each `key` with its `value` as TOML writes it, and `is_default`",
            "yester profile show PROFILE",
        ),
        "profiles.foresee": Change(
            NewProfile,
            add_profile("--dry-run"),
            "what `yester profile add` would write: `profile`, `file` and `text`",
        ),
        "profiles.add": Change(NewProfile, add_profile(), "the same, and it is written"),
        "profiles.edit": Change(EditProfile, edit_profile, "nothing"),
        "profiles.copy": Change(CopyProfile, copy_profile, "nothing"),
        "profiles.remove": Change(OfProfile, remove_profile, "nothing"),
        "profiles.recover": Change(
            RecoverProfile, recover_profile, "what became of each profile", needs_repository=True
        ),
        "schedule.show": Look(
            OfProfile,
            "profiles:schedule",
            "one item: when runs start, the next five times, and what is installed",
            "yester schedule show PROFILE --json",
        ),
        "schedule.enable": Change(OfProfile, scheduling("enable"), "what was installed"),
        "schedule.disable": Change(OfProfile, scheduling("disable"), "what was removed"),
    }
)
