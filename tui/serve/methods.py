"""The table of what `yester serve` can be asked: one row a method, with what it takes, answers and equals; pure.

A method that only looks has the function that answers it, loaded when it is first asked for: it takes the Desk, the
parameters and the Call, yields items, and returns what `done` says. A method that changes anything is one command
of the command line, which is run as it would be by a person (changes.py).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from yester.tui.serve import changes, params
from yester.tui.serve.params import Params


@dataclass(frozen=True, slots=True)
class Look:
    """A method that changes nothing."""

    takes: type[Params]
    answered_by: str
    """`module:function`."""
    answers: str
    """In words, for docs/serve.md."""
    command: str = ""
    """The command that tells the same."""


@dataclass(frozen=True, slots=True)
class Change:
    """A method that is one command."""

    takes: type[Params]
    words: Callable[[Any], list[str]]
    """Returns the command's words after `yester`."""
    answers: str
    is_run: bool = False
    """The command is a run: it goes on by itself, and `done` comes when its work has begun."""
    needs_repository: bool = False
    """The command opens a repository: it gets the passphrase that the person gave."""
    makes_repository: bool = False
    """The command makes one: it gets the passphrase that stands on the descriptor, which is remembered then."""
    secrets: Callable[[Any], int] = lambda asked: 0
    """Returns how many lines of the descriptor for secrets the command reads on its standard input."""
    takes_secret: bool = False
    """A new passphrase stands on the descriptor of `--secrets-fd`, and is handed to the command."""


Method = Look | Change

_HERE = "yester.tui.serve"

METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "app.start": Look(
            params.AppBegins,
            f"{_HERE}.app:start",
            "nothing; plugins that are on hear `app.start`, and live until the client is gone",
        ),
        "changes.watch": Look(
            params.Params,
            f"{_HERE}.watching:watch",
            "until it is cancelled, `{what: […]}` each time that `runs`, `messages`, `profiles`, `mounts` or `plugins` "
            "may have changed; once at the beginning",
        ),
        "profiles.list": Look(
            params.Params,
            f"{_HERE}.profiles:profiles",
            "each profile; an error after them when another one cannot be read",
            "yester profile list --json",
        ),
        "profiles.status": Look(
            params.Params, f"{_HERE}.profiles:status", "how each profile stands", "yester status --json"
        ),
        "profiles.settings": Look(
            params.OfProfile,
            f"{_HERE}.profiles:settings",
            "each `key` with its `value` as TOML writes it, and `is_default`",
            "yester profile show PROFILE",
        ),
        "profiles.foresee": Change(
            params.NewProfile,
            changes.add_profile("--dry-run"),
            "what `yester profile add` would write: `profile`, `file` and `text`",
        ),
        "profiles.add": Change(params.NewProfile, changes.add_profile(), "the same, and it is written"),
        "profiles.edit": Change(params.EditProfile, changes.edit_profile, "nothing"),
        "profiles.copy": Change(params.CopyProfile, changes.copy_profile, "nothing"),
        "profiles.remove": Change(params.OfProfile, changes.remove_profile, "nothing"),
        "profiles.recover": Change(
            params.RecoverProfile, changes.recover_profile, "what became of each profile", needs_repository=True
        ),
        "schedule.show": Look(
            params.OfProfile,
            f"{_HERE}.profiles:schedule",
            "one item: when runs start, the next five times, and what is installed",
            "yester schedule show PROFILE --json",
        ),
        "schedule.enable": Change(params.OfProfile, changes.scheduling("enable"), "what was installed"),
        "schedule.disable": Change(params.OfProfile, changes.scheduling("disable"), "what was removed"),
        "sources.measure": Look(
            params.MeasureSources,
            f"{_HERE}.sources:measure",
            "the sums as they grow, a few times a second, and at last the whole: `files`, `folders`, `size`, what is "
            "`heaviest`, how much is `left_out`, with `examples` and why",
            "yester profile size PATH --json",
        ),
        "sources.suggest": Look(
            params.Params,
            f"{_HERE}.sources:suggest",
            "one item, what a newcomer may want: `home`, `folders` in it, `drives` that are mounted with what is free, "
            "the default `repository`, a file for a passphrase, and whether there is a keyring",
        ),
        "folders.complete": Look(
            params.Typed, f"{_HERE}.sources:complete", "up to 50 folders whose path begins so, as it was typed"
        ),
        "backends.list": Look(
            params.Params, f"{_HERE}.sources:backends", "each way to a repository", "yester backend list --json"
        ),
        "backends.look": Change(
            params.LookAt,
            changes.look_at,
            "`place`, whether a repository is there (`is_repository`, `is_encrypted`), and the `free_size` if known",
        ),
        "repositories.create": Change(
            params.NewRepository,
            changes.make_repository,
            "`repository`, `is_encrypted`, and the `recovery_key`, this once",
            makes_repository=True,
        ),
        "keys.keep": Change(params.KeepPassphrase, changes.keep_passphrase, "nothing", needs_repository=True),
        "runs.list": Look(
            params.RunsWanted, f"{_HERE}.runs:runs", "each run, newest first", "yester runs --all --json"
        ),
        "runs.follow": Look(
            params.RunFrom,
            f"{_HERE}.runs:follow_run",
            "the lines of the run's journal, stored and live; then `{next, ended}`: the number to go on from, and "
            "whether the end was seen, else the run died",
            "yester log RUN --follow --json",
        ),
        "runs.start": Change(
            params.SnapRun,
            changes.snap,
            "`{run}`; then `done` with the same, once the work has begun",
            is_run=True,
            needs_repository=True,
        ),
        "runs.cancel": Change(params.OneRun, changes.steering("cancel"), "the run's answer"),
        "runs.pause": Change(params.OneRun, changes.steering("pause"), "the run's answer"),
        "runs.resume": Change(params.OneRun, changes.steering("resume"), "the run's answer"),
        "repositories.unlock": Look(
            params.Where,
            f"{_HERE}.repositories:unlock",
            "nothing, when the passphrase on the descriptor of `--secrets-fd` opens the repository; it is remembered "
            "until the client is gone",
        ),
        "snapshots.list": Look(
            params.SnapshotsWanted,
            f"{_HERE}.snapshots:snapshots",
            "each snapshot, newest first, and why it stays; then `warnings` about the repository, its `place`, and the "
            "name of this `host`",
            "yester list --why --json",
        ),
        "snapshots.pin": Change(params.PinSnapshot, changes.pin, "the snapshots", needs_repository=True),
        "snapshots.rename": Change(params.RenameSnapshot, changes.rename, "the snapshot", needs_repository=True),
        "snapshots.tag": Change(params.TagSnapshots, changes.tag, "the snapshots", needs_repository=True),
        "snapshots.diff": Look(
            params.Compare,
            f"{_HERE}.comparing:differences",
            "a page of what differs between two snapshots, each with what `happened` and `notes` on how it differs; "
            "then `{total, counts, is_whole}`: how many fit, how many of each kind there are, and whether all are told",
            "yester diff SNAPSHOT SNAPSHOT --json",
        ),
        "snapshots.plan": Change(
            params.Forgetting,
            changes.forgetting("--dry-run", "--json"),
            "the plan: what it would `forget` and `keep`, each with the reasons",
            needs_repository=True,
        ),
        "snapshots.freed": Look(
            params.Forgetting,
            f"{_HERE}.snapshots:freed",
            "one item: the `size` that a prune gives back once these snapshots are gone",
        ),
        "snapshots.forget": Change(
            params.Forgetting,
            changes.forgetting("--yes"),
            "`{run}`; then `done`, once they are gone, or once the rules go on to make room",
            is_run=True,
            needs_repository=True,
        ),
        "files.list": Look(
            params.FolderPage,
            f"{_HERE}.folders:folder",
            "a page of what is in a folder; then `{total}`, how many names there are. `there`, with `against`: `same`, "
            "`changed`, `attributes` (mode or owner) or `missing`. Of what is deleted: `last`, the newest snapshot "
            "with it",
            "yester show SNAPSHOT:PATH --json",
        ),
        "files.seek": Look(
            params.FolderSeek,
            f"{_HERE}.folders:seek",
            "one item, `{position}`, of the next name that holds a text; none where no name does",
        ),
        "files.show": Look(
            params.Entry,
            f"{_HERE}.files:details",
            "all that is kept of an entry, as rows of name and value",
            "yester show SNAPSHOT:PATH",
        ),
        "files.read": Look(
            params.Read,
            f"{_HERE}.files:read",
            "one item: `size` of the whole file, and `bytes` of the part in base64",
        ),
        "files.preview": Look(
            params.Show,
            f"{_HERE}.previews:show",
            "one item: `lines` of pieces of text, each with a tone, and of a picture its `columns`, `rows` and `dots`",
        ),
        "files.compare": Look(
            params.FilePair,
            f"{_HERE}.previews:compare",
            "one item: `lines`, what only the first has with -, only the second with +",
            "yester diff SNAPSHOT now PATH --content",
        ),
        "files.foresee": Look(
            params.Foresee,
            f"{_HERE}.files:foreseen",
            "one item, what a restore would do: `files`, `size`, how many entries are `missing`, `same` and "
            "`different` in the target, how many of the last are `older`, `examples` of them, and `is_whole`, "
            "whether all were looked at",
            "yester restore --dry-run --json --in-place SNAPSHOT PATH",
        ),
        "files.find": Look(
            params.Search,
            f"{_HERE}.files:find",
            "each path that fits, newest content first",
            "yester find PATTERN --json",
        ),
        "files.versions": Look(
            params.Path,
            f"{_HERE}.files:versions",
            "each version of a path, oldest first",
            "yester versions PATH --json",
        ),
        "files.restore": Change(
            params.Restore,
            changes.restore,
            "`{run}`; then `done` with the same, once the work has begun",
            is_run=True,
            needs_repository=True,
        ),
        "storage.usage": Look(
            params.UsageWanted,
            f"{_HERE}.storage:usage",
            "one item: `size`, `plain_size` before compression, `folder`, what only each of the `snapshots` has, the "
            "heaviest `paths`, and how many pieces are `missing`",
            "yester du --json",
        ),
        "storage.check": Change(
            params.Checking,
            changes.check,
            "`{run}`; then `done` with the same, once the work has begun",
            is_run=True,
            needs_repository=True,
        ),
        "storage.plan": Change(
            params.Where, changes.on_repository("prune", "--dry-run", "--json"), "the plan", needs_repository=True
        ),
        "storage.prune": Change(
            params.Where,
            changes.on_repository("prune"),
            "`{run}`; then `done` with the same, once the work has begun",
            is_run=True,
            needs_repository=True,
        ),
        "keys.list": Look(params.Where, f"{_HERE}.ways_in:keys", "each key", "yester key list --json"),
        "keys.add": Change(params.NewKey, changes.add_key, "the key", needs_repository=True, takes_secret=True),
        "keys.recovery": Change(
            params.Where,
            changes.on_repository("key", "recovery", "--json"),
            "the new recovery key, this once, and which older ones open nothing any more",
            needs_repository=True,
        ),
        "keys.remove": Change(params.OneKey, changes.remove_key, "nothing", needs_repository=True),
        "archives.status": Change(
            params.Where,
            changes.archives("status"),
            "what each archive holds, how much of it is offline, and whether it was ready when",
            needs_repository=True,
        ),
        "archives.policies": Change(params.Params, changes.archive_policies, "each storage policy"),
        "archives.requests": Change(
            params.Where, changes.archives("jobs"), "what was asked of archives, newest first", needs_repository=True
        ),
        "archives.jobs": Change(
            params.ArchiveRequest,
            changes.archive_jobs,
            "each pack of a request, with what its archive said",
            needs_repository=True,
        ),
        "archives.foresee": Change(
            params.HandOver, changes.hand_over("--plan", "--json"), "the plan, and its `words`", needs_repository=True
        ),
        "archives.put": Change(
            params.HandOver,
            changes.hand_over("--yes"),
            "`{run}`; then `done` with the same, once the work has begun",
            is_run=True,
            needs_repository=True,
        ),
        "archives.foresee_purge": Change(
            params.Archiving, changes.purge("--plan", "--json"), "the plan, and its `words`", needs_repository=True
        ),
        "archives.purge": Change(
            params.Archiving,
            changes.purge("--yes"),
            "`{run}`; then `done` with the same, once the work has begun",
            is_run=True,
            needs_repository=True,
        ),
        "archives.foresee_recall": Change(
            params.Recall, changes.recall("--plan", "--json"), "the plan, and its `words`", needs_repository=True
        ),
        "archives.recall": Change(
            params.Recall,
            changes.recall("--wait"),
            "`{run}`; then `done` with the same, once the work has begun",
            is_run=True,
            needs_repository=True,
        ),
        "archives.go_on": Change(
            params.Where,
            changes.on_repository("archive", "run"),
            "`{run}`; then `done` with the same, once the work has begun",
            is_run=True,
            needs_repository=True,
        ),
        "archives.retry": Change(
            params.ArchiveRequest,
            changes.on_request("retry"),
            "`{run}`; then `done` with the same, once the work has begun",
            is_run=True,
            needs_repository=True,
        ),
        "archives.cancel": Change(
            params.ArchiveRequest, changes.on_request("cancel"), "nothing", needs_repository=True
        ),
        "mounts.list": Look(params.Params, f"{_HERE}.mounts:mounts", "each mount", "yester mounts --json"),
        "mounts.path": Look(
            params.Mounted,
            f"{_HERE}.mounts:path_of",
            "one item: the folder of a snapshot in a mount; that of the mount, where it does not show the snapshot",
        ),
        "mounts.add": Change(params.Mount, changes.mount, "nothing", needs_repository=True),
        "mounts.remove": Change(params.Unmounting, changes.unmount, "nothing"),
        "mounts.clean": Change(params.Params, changes.clean_mounts, "the mounts that were taken away"),
        "messages.list": Look(
            params.MessagesWanted,
            f"{_HERE}.messages:messages",
            "each message that is kept, newest first; then `{newest, up_to, also}`: the highest id, and which were "
            "read: up to this one, and these",
            "yester messages --all --json",
        ),
        "messages.read": Change(params.MessagesRead, changes.read_messages, "the messages"),
        "plugins.list": Look(
            params.PluginsWanted, f"{_HERE}.plugins:plugins", "each plugin", "yester plugin list --json"
        ),
        "plugins.show": Look(
            params.PluginNamed,
            f"{_HERE}.plugins:plugin",
            "one item, for which the plugin is loaded: what it hears, offers and wants to know, and why it cannot "
            "work (`broken`)",
            "yester plugin info PLUGIN --json",
        ),
        "plugins.enable": Change(params.PluginNamed, changes.switching("enable"), "nothing"),
        "plugins.disable": Change(params.PluginNamed, changes.switching("disable"), "nothing"),
        "plugins.apply": Change(params.PluginsApplied, changes.apply_plugins, "nothing; all others are off"),
        "plugins.set": Change(
            params.PluginOptions,
            changes.set_options,
            "what `yester plugin options PLUGIN --json` says then",
            secrets=lambda asked: len(asked.secrets),
        ),
        "plugins.run": Change(
            params.PluginOffer, changes.run_offer, "the `text` of an action, or the `rows` of a panel"
        ),
    }
)
"""Name → what it is."""
