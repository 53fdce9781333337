"""Back In Time's `Config`, answered from yester's profiles; what a plugin sets holds for this run."""

import os
import socket
from collections.abc import Callable
from getpass import getuser
from pathlib import Path
from typing import Any, ClassVar

import pluginmanager
import tools
from configfile import ConfigFileWithProfiles

Accessor = Callable[..., Any]


class Config(ConfigFileWithProfiles):
    """The settings of all profiles."""

    APP_NAME = "Back In Time"
    CONFIG_VERSION = 6
    VERSION = "1.4.3"
    NONE, AT_EVERY_BOOT, HOUR, DAY, REPEATEDLY, UDEV, WEEK, MONTH, YEAR = 0, 1, 10, 20, 25, 27, 30, 40, 80
    DISK_UNIT_MB, DISK_UNIT_GB = 10, 20
    INCLUDE_FOLDER, INCLUDE_FILE = 0, 1

    PLUGIN_MANAGER: ClassVar[pluginmanager.PluginManager] = pluginmanager.PluginManager()
    """One for all."""
    GIVEN: ClassVar[dict[str, str]] = {}
    """What yester's profiles say, in Back In Time's keys."""
    SCRIPTS: ClassVar[list[str]] = []
    """Where a user-callback may lie; the first that is there counts."""
    CURRENT: ClassVar[list[str]] = ["1"]

    def __init__(self, config_path: str | None = None, data_path: str | None = None) -> None:
        super().__init__()
        home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
        self._LOCAL_CONFIG_PATH = str(config_path or home / "backintime" / "config")
        self._LOCAL_CONFIG_FOLDER = str(Path(self._LOCAL_CONFIG_PATH).parent)
        self._LOCAL_DATA_FOLDER = str(
            data_path or Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "backintime"
        )
        self._is_given = config_path is None and bool(self.GIVEN)
        if self._is_given:
            self.dict.update(self.GIVEN)
            self.current_profile_id = self.CURRENT[0]
        else:
            self.load(self._LOCAL_CONFIG_PATH)
        self.pw = None

    def setupUdev(self) -> None:
        """Do nothing: yester's own schedules start runs."""

    def takeSnapshotUserCallback(self) -> str:
        """Return where the user-callback script is, or would be."""
        own = os.path.join(self._LOCAL_CONFIG_FOLDER, "user-callback")
        places = [*self.SCRIPTS, own] if self._is_given else [own]
        return next((path for path in places if os.path.exists(path)), places[0])

    def userCallbackNoLogging(self, profile_id: Any = None) -> bool:
        """Return whether the script's output is its own affair."""
        return self.profileBoolValue("user_callback.no_logging", False, profile_id)

    def user(self) -> str:
        """Return whose process it is."""
        return getuser()

    def pid(self) -> str:
        """Return the process's id."""
        return str(os.getpid())

    def host(self) -> str:
        """Return this machine's name."""
        return socket.gethostname()

    def hostUserProfile(self, profile_id: Any = None) -> tuple[str, str, str]:
        """Return host, user and number, which are folders above the snapshots."""
        return (
            self.profileStrValue("snapshots.path.host", self.host(), profile_id),
            self.profileStrValue("snapshots.path.user", getuser(), profile_id),
            self.profileStrValue("snapshots.path.profile", self._number(profile_id), profile_id),
        )

    def snapshotsPath(self, profile_id: Any = None, mode: Any = None, tmp_mount: bool = False) -> str:
        """Return the folder below which snapshots are seen while a run lasts."""
        return self.profileStrValue("snapshots.path", "", profile_id)

    get_snapshots_path = snapshotsPath

    def snapshotsFullPath(self, profile_id: Any = None) -> str:
        """Return the folder of a profile's snapshots."""
        return os.path.join(self.snapshotsPath(profile_id), "backintime", *self.hostUserProfile(profile_id))

    def tag(self, profile_id: Any = None) -> str:
        """Return the three digits that end a snapshot's name."""
        return self.profileStrValue("snapshots.tag", "100", profile_id)

    def include(self, profile_id: Any = None) -> list[tuple[str, int]]:
        """Return the sources, each with 0 for a folder and 1 for a file."""
        return self.profileListValue("snapshots.include", ("str:value", "int:type"), [], profile_id)

    def exclude(self, profile_id: Any = None) -> list[str]:
        """Return the patterns of what is left out."""
        return self.profileListValue("snapshots.exclude", "str:value", [], profile_id)

    def setInclude(self, value: Any, profile_id: Any = None) -> None:
        """Set the sources; what is read was settled when the run began."""
        self.setProfileListValue("snapshots.include", ("str:value", "int:type"), value, profile_id)

    def setExclude(self, value: Any, profile_id: Any = None) -> None:
        """Set the patterns; what is read was settled when the run began."""
        self.setProfileListValue("snapshots.exclude", "str:value", value, profile_id)

    def isConfigured(self, profile_id: Any = None) -> bool:
        """Return whether a profile has sources, and a place for snapshots."""
        return bool(self.snapshotsPath(profile_id) and self.include(profile_id))

    def canBackup(self, profile_id: Any = None) -> bool:
        """Return whether the place for snapshots is there."""
        return self.isConfigured(profile_id) and os.path.isdir(self.snapshotsPath(profile_id))

    def globalFlock(self) -> bool:
        """Return whether one run waits for another."""
        return self.boolValue("global.use_flock", False)

    def fileId(self, profile_id: Any = None) -> str:
        """Return what files of a profile have in their names."""
        number = self._number(profile_id)
        return "" if number == "1" else number

    def takeSnapshotLogFile(self, profile_id: Any = None) -> str:
        """Return where the log of a run is there."""
        return self._data(f"takesnapshot_{self.fileId(profile_id)}.log")

    def restoreLogFile(self, profile_id: Any = None) -> str:
        """Return where the log of a restore is there."""
        return self._data(f"restore_{self.fileId(profile_id)}.log")

    def restoreInstanceFile(self, profile_id: Any = None) -> str:
        """Return where the lock of a restore is there."""
        return self._data(f"restore{self.fileId(profile_id)}.lock")

    def lastSnapshotSymlink(self, profile_id: Any = None) -> str:
        """Return where the link to the newest snapshot is there."""
        return os.path.join(self.snapshotsFullPath(profile_id), "last_snapshot")

    def takeSnapshotMessageFile(self) -> str:
        """Return where the last message is there."""
        return self._data(f"worker{self.fileId()}.message")

    def takeSnapshotInstanceFile(self) -> str:
        """Return where the lock of a run is there."""
        return self._data(f"worker{self.fileId()}.lock")

    def _data(self, name: str) -> str:
        return os.path.join(self._LOCAL_DATA_FOLDER, name)


def _accessor(kind: str, key: str, default: Any) -> Accessor:
    def get(self: Config, *profile: Any, profile_id: Any = None, mode: Any = None) -> Any:
        number = profile[0] if profile else profile_id
        value: Accessor = {"int": self.profileIntValue, "bool": self.profileBoolValue}.get(kind, self.profileStrValue)
        return value(key, default, number)

    return get


def _setter(kind: str, key: str) -> Accessor:
    def set_value(self: Config, value: Any, profile_id: Any = None) -> None:
        setter: Accessor = {"int": self.setProfileIntValue, "bool": self.setProfileBoolValue}.get(
            kind, self.setProfileStrValue
        )
        setter(key, value, profile_id)

    return set_value


def _several(*names: str) -> Accessor:
    def get(self: Config, profile_id: Any = None) -> tuple[Any, ...]:
        return tuple(getattr(self, name)(profile_id) for name in names)

    return get


_PLAIN = {
    "snapshotsMode": ("str", "snapshots.mode", "local"),
    "snapshotsUuid": ("str", "snapshots.path.uuid", ""),
    "excludeBySizeEnabled": ("bool", "snapshots.exclude.bysize.enabled", False),
    "excludeBySize": ("int", "snapshots.exclude.bysize.value", 500),
    "scheduleMode": ("int", "schedule.mode", 0),
    "scheduleTime": ("int", "schedule.time", 0),
    "scheduleDay": ("int", "schedule.day", 1),
    "scheduleWeekday": ("int", "schedule.weekday", 7),
    "scheduleRepeatedPeriod": ("int", "schedule.repeatedly.period", 1),
    "scheduleRepeatedUnit": ("int", "schedule.repeatedly.unit", 20),
    "customBackupTime": ("str", "schedule.custom_time", "8,12,18,23"),
    "removeOldSnapshotsEnabled": ("bool", "snapshots.remove_old_snapshots.enabled", True),
    "minFreeSpaceEnabled": ("bool", "snapshots.min_free_space.enabled", True),
    "minFreeInodesEnabled": ("bool", "snapshots.min_free_inodes.enabled", True),
    "minFreeInodes": ("int", "snapshots.min_free_inodes.value", 2),
    "dontRemoveNamedSnapshots": ("bool", "snapshots.dont_remove_named_snapshots", True),
    "notify": ("bool", "snapshots.notify.enabled", True),
    "backupOnRestore": ("bool", "snapshots.backup_on_restore.enabled", True),
    "continueOnErrors": ("bool", "snapshots.continue_on_errors", True),
    "useChecksum": ("bool", "snapshots.use_checksum", False),
    "copyLinks": ("bool", "snapshots.copy_links", False),
    "copyUnsafeLinks": ("bool", "snapshots.copy_unsafe_links", False),
    "oneFileSystem": ("bool", "snapshots.one_file_system", False),
    "preserveAcl": ("bool", "snapshots.preserve_acl", False),
    "preserveXattr": ("bool", "snapshots.preserve_xattr", False),
    "takeSnapshotRegardlessOfChanges": ("bool", "snapshots.take_snapshot_regardless_of_changes", False),
    "noSnapshotOnBattery": ("bool", "snapshots.no_on_battery", False),
    "bwlimitEnabled": ("bool", "snapshots.bwlimit.enabled", False),
    "bwlimit": ("int", "snapshots.bwlimit.value", 3000),
    "rsyncOptionsEnabled": ("bool", "snapshots.rsync_options.enabled", False),
    "rsyncOptions": ("str", "snapshots.rsync_options.value", ""),
    "niceOnCron": ("bool", "snapshots.cron.nice", True),
    "ioniceOnCron": ("bool", "snapshots.cron.ionice", True),
    "ioniceOnUser": ("bool", "snapshots.user_backup.ionice", False),
    "nocacheOnLocal": ("bool", "snapshots.local.nocache", False),
    "sshHost": ("str", "snapshots.ssh.host", ""),
    "sshPort": ("int", "snapshots.ssh.port", 22),
    "sshUser": ("str", "snapshots.ssh.user", getuser()),
    "sshSnapshotsPath": ("str", "snapshots.ssh.path", ""),
    "sshPrivateKeyFile": ("str", "snapshots.ssh.private_key_file", ""),
    "sshCipher": ("str", "snapshots.ssh.cipher", "default"),
    "logLevel": ("int", "snapshots.log_level", 3),
    "_removeOldValue": ("int", "snapshots.remove_old_snapshots.value", 10),
    "_removeOldUnit": ("int", "snapshots.remove_old_snapshots.unit", 80),
    "_minFreeValue": ("int", "snapshots.min_free_space.value", 1),
    "_minFreeUnit": ("int", "snapshots.min_free_space.unit", 20),
    "_smart": ("bool", "snapshots.smart_remove", False),
    "_smartAll": ("int", "snapshots.smart_remove.keep_all", 2),
    "_smartDay": ("int", "snapshots.smart_remove.keep_one_per_day", 7),
    "_smartWeek": ("int", "snapshots.smart_remove.keep_one_per_week", 4),
    "_smartMonth": ("int", "snapshots.smart_remove.keep_one_per_month", 24),
}
_SEVERAL = {
    "removeOldSnapshots": ("removeOldSnapshotsEnabled", "_removeOldValue", "_removeOldUnit"),
    "minFreeSpace": ("minFreeSpaceEnabled", "_minFreeValue", "_minFreeUnit"),
    "smartRemove": ("_smart", "_smartAll", "_smartDay", "_smartWeek", "_smartMonth"),
}
for _name, _said in _PLAIN.items():
    setattr(Config, _name, _accessor(*_said))
    if not _name.startswith("_"):
        setattr(Config, f"set{_name[0].upper()}{_name[1:]}", _setter(*_said[:2]))
for _name, _names in _SEVERAL.items():
    setattr(Config, _name, _several(*_names))

tools.initiate_translation()
