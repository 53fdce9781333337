"""The tables of docs/backends.md that are made from the code: `python -m yester.plugins.backends.reference`."""

import sys

from yester.plugins.backends.codes import ErrorCode
from yester.plugins.backends.common_options import COMMON
from yester.plugins.backends.methods import METHODS

_CODES = {
    ErrorCode.CONNECTION_FAILED: "tried again",
    ErrorCode.BACKEND_ERROR: "tried again; what is raised and says no code is this",
    ErrorCode.PERMISSION_DENIED: "refused: fails at once; so does an `OSError` with EACCES, EPERM or EROFS",
    ErrorCode.NOT_FOUND: "there is no such object; so says an `OSError` with ENOENT",
    ErrorCode.NO_SPACE: "no room is left: fails at once; so does an `OSError` with ENOSPC or EDQUOT",
    ErrorCode.COMMAND_ERROR: "tried again",
    ErrorCode.CODE_ERROR: "tried again",
    ErrorCode.VALIDATION_FAILED: "tried again",
}


def methods() -> str:
    """Return the table of methods."""
    rows = [
        f"| `{method.form}` | {'yes' if method.is_required else ''} | {method.patience} | {method.about} |\n"
        for method in METHODS.values()
    ]
    return "| method | must be there | time | what it does |\n|---|---|---|---|\n" + "".join(rows)


def codes() -> str:
    """Return the table of error codes."""
    rows = [f"| {code.value} | `ErrorCode.{code.name}` | {_CODES[code]} |\n" for code in ErrorCode]
    return "| code | name | then |\n|---|---|---|\n" + "".join(rows)


def options() -> str:
    """Return the table of options that every such backend has."""
    rows = [f"| `{name}` | {option.kind} | `{option.default}` | {option.about} |\n" for name, option in COMMON.items()]
    return "| option | takes | default | |\n|---|---|---|---|\n" + "".join(rows)


if __name__ == "__main__":
    sys.stdout.write("\n".join((methods(), codes(), options())))
