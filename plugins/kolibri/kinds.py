"""The types that options have in Kolibri, with its words for what is wrong with a value; contract: section 4.4.

What is read is text or a list of texts, as options.ini and the environment have it. A default is read as the text that
it is written as, None too.
"""

import ast
import os.path
import re
import socket
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from yester.engine.profiles.kinds import Kind, WrongValue

Maker = Callable[[Sequence[str]], Kind]
"""Makes a kind; the choices are those of the option."""
_Read = Callable[[Any], Any]

_YES = ("true", "on", "1", "yes")
_NO = ("false", "off", "0", "no")
_BYTES = re.compile(r"(?P<number>(?:[0-9]*[.])?[0-9]+)(?P<unit>[KMGTP]?)B")
_UNITS = ("", "K", "M", "G", "T", "P")

ALL_LANGUAGES = "kolibri-all"
SUPPORTED_LANGUAGES = "kolibri-supported"
_SUPPORTED = [
    "ar", "bg-bg", "bn-bd", "de", "el", "en", "es-419", "es-es", "fa", "ff-cm", "fr-fr", "gu-in", "ha", "hi-in", "ht",
    "id", "it", "ka", "km", "ko", "mr", "my", "ny", "pa", "pt-br", "pt-mz", "sw-tz", "te", "uk", "ur-pk", "vi", "yo",
    "zh-hans",
]  # fmt: skip
_ALL = [*_SUPPORTED, "ach-ug"]


def wrong_type(value: object) -> WrongValue:
    """Return the complaint about a value of another type."""
    return WrongValue(f'the value "{value}" is of the wrong type.')


def unacceptable(value: object) -> WrongValue:
    """Return the complaint about a value that cannot be."""
    return WrongValue(f'the value "{value}" is unacceptable.')


def text_form(value: object) -> Any:
    """Return a value of a default or of TOML as the file would say it."""
    return [str(item) for item in value] if isinstance(value, list | tuple) else str(value)


def kinds_in(home: str) -> Mapping[str, Maker]:
    """Return name → maker, with paths relative to this home."""

    def path(value: Any) -> str:
        if not isinstance(value, str):
            raise unacceptable(repr(value))
        return os.path.join(home, os.path.expanduser(value)) if value else value

    plain: dict[str, _Read] = {
        "boolean": _boolean,
        "integer": _integer,
        "float": _float,
        "string": _string,
        "ip_addr": _ip_addr,
        "list": _list,
        "force_list": lambda value: value if isinstance(value, list) else [value],
        "tuple": lambda value: tuple(_list(value)),
        "int_list": _each(_integer),
        "float_list": _each(_float),
        "bool_list": _each(_boolean),
        "string_list": _each(_string),
        "ip_addr_list": _each(_ip_addr),
        "path": path,
        "path_list": lambda value: _all(path, _split(value, ";", or_empty=True)),
        "port": _port,
        "bytes": _bytes,
        "url_prefix": lambda value: _string(value, unacceptable).strip("/") + "/",
        "origin_or_port": _origin_or_port,
        "language_list": _languages,
        "multiprocess_bool": lambda value: _boolean(value) and find_spec("multiprocessing.synchronize") is not None,
        "csp_source_list": lambda value: [*map(_csp_source, _split(value, ","))],
        "lazy_import_callback_list": lambda value: [*map(_callback, _split(value, ","))],
    }
    return {
        **{name: _always(name, read) for name, read in plain.items()},
        "option": lambda choices: _kind("option", _option(choices)),
        "storage_option": lambda choices: _kind("storage_option", _needing("gcs", "storages", _option(choices))),
        "cache_option": _always("cache_option", _needing("redis", "redis", _option(("memory", "redis")))),
    }


def _always(name: str, read: _Read) -> Maker:
    return lambda choices: _kind(name, read)


def _kind(name: str, read: _Read) -> Kind:
    return Kind(name, lambda raw: read(text_form(raw)))


def _boolean(value: Any) -> bool:
    word = value.lower() if isinstance(value, str) else value
    if word not in (*_YES, *_NO):
        raise wrong_type(value)
    return word in _YES


def _integer(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise wrong_type(value) from None


def _float(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise wrong_type(value) from None


def _string(value: Any, complaint: Callable[[object], WrongValue] = wrong_type) -> str:
    if not isinstance(value, str):
        raise complaint(value)
    return value


def _ip_addr(value: Any) -> str:
    text = _string(value).strip()
    try:
        socket.inet_aton(text)
    except (OSError, ValueError):  # the latter: a NUL in it
        raise unacceptable(text) from None
    return text


def _list(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise wrong_type(value)
    return value


def _each(read: _Read) -> _Read:
    return lambda value: [read(item) for item in _list(value)]


def _option(choices: Sequence[str]) -> _Read:
    def read(value: Any) -> str:
        if _string(value) not in choices:
            raise unacceptable(value)
        return str(value)

    return read


def _needing(choice: str, module: str, chosen: _Read) -> _Read:
    """Refuse a choice that needs a module which is not installed."""

    def read(value: Any) -> Any:
        if chosen(value) == choice and find_spec(module) is None:
            raise unacceptable(value)
        return value

    return read


def _split(value: Any, separator: str, *, or_empty: bool = False) -> list[str]:
    if isinstance(value, list):
        return value
    return str(value).split(separator) if value or or_empty else []


def _all(read: _Read, items: Sequence[str]) -> list[Any]:
    """Read all items; complain of all that are wrong at once."""
    found, bad = [], []
    for item in items:
        try:
            found.append(read(item))
        except WrongValue:
            bad.append(item)
    if bad:
        raise unacceptable(bad)
    return found


def _port(value: Any) -> int:
    number = _integer(value)
    if not 0 <= number <= 65535:
        raise unacceptable(number)
    return number


def _bytes(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        match = _BYTES.fullmatch(str(value).strip().upper())
    if match is None:
        raise unacceptable(value)
    return int(float(match["number"]) * 1000 ** _UNITS.index(match["unit"]))


def _origin_or_port(value: Any) -> int | str:
    if value == "":
        return ""
    try:
        number = int(value)
    except (TypeError, ValueError):
        url = urlsplit(_string(value, unacceptable))
        if not url.scheme or not url.netloc:
            raise unacceptable(value) from None
        return urlunsplit((url.scheme, url.netloc, "", "", ""))
    return _port(number)


def _languages(value: Any) -> list[str]:
    items = _split(value, ",")
    found = {name for names in _all(_language, items) for name in names}
    if not found:
        raise unacceptable(items)
    return sorted(found)


def _language(value: str) -> list[str]:
    if value in (ALL_LANGUAGES, SUPPORTED_LANGUAGES):
        return _ALL if value == ALL_LANGUAGES else _SUPPORTED
    if value not in _ALL:
        raise unacceptable(value)
    return [value]


def _csp_source(value: str) -> str:
    url = urlsplit(value.strip())
    if not url.scheme or not url.netloc:
        raise unacceptable(value)
    return value.strip()


def _callback(value: str) -> "LazyImportFunction":
    try:
        ast.parse(value)
    except (SyntaxError, ValueError):
        raise unacceptable(value) from None
    return LazyImportFunction(value)


class LazyImportFunction:
    """A function that is imported when it is first called."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._function: Callable[..., Any] | None = None

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Import and call it; ImportError when it is none."""
        if self._function is None:
            module, _, name = self.path.rpartition(".")
            function = getattr(import_module(module), name, None)
            if not callable(function):
                raise ImportError(f"Module {self.path} is not callable")
            self._function = function
        return self._function(*arguments, **named)

    def __str__(self) -> str:
        return self.path
