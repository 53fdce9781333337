"""Small functions that backends share."""

import ast
import errno
import os
import shutil
from collections.abc import Callable
from typing import Any

fsencode = os.fsencode
fsdecode = os.fsdecode


def uexc(e: BaseException) -> str:
    """Return what an exception says, as text whatever it holds."""
    said = [os.fsdecode(each) if isinstance(each, bytes) else str(each) for each in e.args]
    return said[0] if len(said) == 1 else str(e)


def uindex(index: "tuple[bytes, ...]") -> str:
    """Return the parts of a path as text."""
    return os.fsdecode(os.path.join(*index)) if index else "."


def which(program: str) -> str | None:
    """Return where a program is; None when there is none."""
    return shutil.which(program)


def ignore_missing(fn: Callable[..., Any], filename: Any) -> None:
    """Call a function with a file's name; that there is no such file is fine."""
    try:
        fn(filename)
    except OSError as problem:
        if problem.errno != errno.ENOENT:
            raise


def merge_dicts(*dict_args: dict[Any, Any]) -> dict[Any, Any]:
    """Return one dictionary with all that the others hold; what comes later counts."""
    return {key: value for each in dict_args for key, value in each.items()}


def csv_args_to_dict(arg: str) -> dict[str, Any]:
    """Return `key,value,key,value` as a dictionary. IndexError when a value lacks, SyntaxError when a quote does."""
    words = ast.literal_eval(f"[{arg}]") if arg[:1] in "'\"" else [each.strip() for each in arg.split(",")]
    if len(words) % 2:
        raise IndexError("a name without a value")
    return dict(zip(words[::2], words[1::2], strict=True))
