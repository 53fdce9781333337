"""Back In Time's way to a target. Here yester opens the repository; what plugins do about it they do when told."""

from typing import Any

import config as bit_config


class Mount:
    """Tells plugins that a profile's snapshots are needed, and that they are not."""

    def __init__(
        self, cfg: Any = None, profile_id: Any = None, tmp_mount: bool = False, parent: Any = None, **more: Any
    ) -> None:
        self.config = cfg if cfg is not None else bit_config.Config()
        self.profile_id = profile_id if profile_id is not None else self.config.currentProfile()

    def mount(self, mode: str | None = None, check: bool = True, plugins: bool = True, **more: Any) -> str:
        """Tell all plugins; return what tells this target from others."""
        if plugins:
            self.config.PLUGIN_MANAGER.load(cfg=self.config)
            self.config.PLUGIN_MANAGER.mount(self.profile_id)
        return "local"

    def umount(self, hash_id: str | None = None) -> None:
        """Tell all plugins."""
        self.config.PLUGIN_MANAGER.load(cfg=self.config)
        self.config.PLUGIN_MANAGER.unmount(self.profile_id)

    def preMountCheck(self, mode: str | None = None, first_run: bool = False, **more: Any) -> bool:
        """Return True: yester checks when it opens the repository."""
        return True

    def remount(self, new_profile_id: Any, mode: str | None = None, hash_id: str | None = None, **more: Any) -> str:
        """Let go of one profile's snapshots, and tell that another's are needed."""
        self.umount(hash_id)
        self.profile_id = new_profile_id
        return self.mount(mode)
