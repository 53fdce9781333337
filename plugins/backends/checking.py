"""Whether a backend's class can be called as it will be: found out when it is registered, not in the midst of a run."""

import inspect
from collections.abc import Iterator
from typing import Any

from yester.engine.errors import UsageError
from yester.plugins.backends.contract import Backend
from yester.plugins.backends.methods import METHODS
from yester.plugins.options.spec import spec_problems

MOST_THREADS = 64


def methods_of(backend: object) -> frozenset[str]:
    """Return which of the methods a backend has."""
    return frozenset(name for name in METHODS if callable(getattr(backend, name, None)))


def checked(kind: type[Backend]) -> type[Backend]:
    """Return the class when it can be a backend; UsageError, which names class, method and the right form."""
    problems = [f"{kind.__name__}: {problem}" for problem in _problems(kind)]
    if problems:
        raise UsageError("; ".join(problems), hint="docs/backends.md has the table of all methods.")
    return kind


def _problems(kind: type[Backend]) -> Iterator[str]:
    for name, method in METHODS.items():
        if method.is_required and getattr(kind, name) is getattr(Backend, name):
            yield f"it has no {name}: {method.form}"
        elif callable(getattr(kind, name, None)) or name in vars(kind):
            yield from _misshapen(kind, name)
    threads: Any = kind.threads
    if type(threads) is not int or not 1 <= threads <= MOST_THREADS:
        yield f"threads is a number from 1 to {MOST_THREADS}, not {threads!r}"
    yield from spec_problems(kind.option_spec)


def _misshapen(kind: type[Backend], name: str) -> Iterator[str]:
    method: Any = inspect.getattr_static(kind, name)
    if isinstance(method, staticmethod | classmethod) or not inspect.isfunction(method):
        yield f"{name} must be a method: {METHODS[name].form}"
    elif inspect.iscoroutinefunction(method) or (inspect.isgeneratorfunction(method) and name != "_list"):
        yield f"{name} must be a plain function: {METHODS[name].form}"
    else:
        signature = inspect.signature(method)
        count = 2 if name == "_error_code" else len(METHODS[name].arguments)
        try:
            signature.bind(None, *([None] * count))
        except TypeError:
            yield f"{name}{signature} must be: {METHODS[name].form}"
