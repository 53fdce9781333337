"""File sets, and where a file of one lies in an archive that is a folder."""

from yester.engine.archive.port import FileSet
from yester.plugins.portal.naming import (
    construct_filename,
    get_components,
    get_paths_to_restore_or_delete_from_external_ids,
)

__all__ = ["FileSet", "construct_filename", "get_components", "get_paths_to_restore_or_delete_from_external_ids"]
