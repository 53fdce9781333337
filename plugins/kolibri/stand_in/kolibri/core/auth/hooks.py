"""The hook around a transfer of data."""

from collections.abc import Sequence
from typing import Any

from kolibri.plugins.hooks import KolibriHook, define_hook


@define_hook
class FacilityDataSyncHook(KolibriHook):
    """Is called around a transfer, and may put operations of its own into it.

    What goes wrong in `pre_transfer` and `post_transfer` never fails the transfer; what does in an operation fails it.
    """

    def pre_transfer(
        self,
        dataset_id: str,
        local_is_single_user: bool,
        remote_is_single_user: bool,
        single_user_id: str | None,
        context: Any,
    ) -> None:
        """The transfer is about to begin."""
        return

    def post_transfer(
        self,
        dataset_id: str,
        local_is_single_user: bool,
        remote_is_single_user: bool,
        single_user_id: str | None,
        context: Any,
    ) -> None:
        """The transfer has ended well."""
        return

    def get_sync_operations(self, context: Any) -> Sequence[Any]:
        """Return the operations of the stage that the context is in: by default the attribute `<stage>_operations`."""
        operations: Sequence[Any] = getattr(self, f"{context.stage}_operations", [])
        return operations
