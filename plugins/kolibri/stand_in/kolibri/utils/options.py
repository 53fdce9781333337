"""The options as they hold: from the environment, options.ini and the defaults.

Contract: section 4.4. Which place counts is worked out by yester's own resolver (yester.plugins.options); what Kolibri
calls the places, and what it says when a value is wrong, is here.
"""

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from kolibri.plugins.utils.options import Spec, extend_config_spec
from kolibri.utils import conf
from yester.engine.profiles.kinds import WrongValue
from yester.plugins.kolibri import ini
from yester.plugins.kolibri.core_options import CORE
from yester.plugins.kolibri.kinds import LazyImportFunction as LazyImportFunction
from yester.plugins.kolibri.kinds import kinds_in, text_form
from yester.plugins.kolibri.lazy import Lazy
from yester.plugins.options.layers import Layer
from yester.plugins.options.resolving import Problem, Resolved, Slot, Value, resolve

logger = logging.getLogger(__name__)

FILE = "options.ini"

base_option_spec = CORE


def _get_option_spec() -> Spec:
    """Return the spec of Kolibri and its plugins, with the variables of each option, the right ones first."""
    spec = extend_config_spec(base_option_spec)
    taken: set[str] = set()
    for section, name, attributes in _each(spec):
        old = _names(attributes, "deprecated_envvars")
        old += tuple(f"KOLIBRI_{alias}" for alias in _names(attributes, "deprecated_aliases"))
        variable = f"KOLIBRI_{name.upper()}"
        if variable in taken:
            logger.warning(f"Duplicate environment variable for options {variable}")
            variable = f"KOLIBRI_{section.upper()}_{name.upper()}"
        taken.add(variable)
        attributes["deprecated_envvars"] = old
        attributes["envvars"] = tuple(dict.fromkeys((variable, *_names(attributes, "envvars"), *old)))
    return spec


option_spec = Lazy(_get_option_spec)


def slots(spec: Mapping[str, Any]) -> list[Slot]:
    """Return each option for the resolver, named `Section.NAME`. RuntimeError, ValueError: the spec makes no sense."""
    kinds = kinds_in(conf.KOLIBRI_HOME)
    return [_slot(section, name, attributes, kinds) for section, name, attributes in _each(spec)]


def _slot(section: str, name: str, attributes: Mapping[str, Any], kinds: Mapping[str, Any]) -> Slot:
    default, kind = attributes.get("default", ""), str(attributes.get("type", ""))
    if isinstance(default, list) and not default:
        raise RuntimeError("For an empty list don't specify a default")
    if kind not in kinds:
        raise ValueError(f'the check "{kind}" is unknown, which option {name} in section [{section}] has as its type')
    choices = tuple(str(choice) for choice in attributes.get("options", ()))
    return Slot(
        f"{section}.{name}",
        kinds[kind](choices),
        default,
        _names(attributes, "envvars"),
        frozenset(_names(attributes, "deprecated_envvars")),
        tuple(f"{section}.{alias}" for alias in _names(attributes, "deprecated_aliases")),
        type=kind,
        choices=choices,
        about=" ".join(str(attributes.get("description", "")).split()),
        is_secret="PASSWORD" in name.upper() or "SECRET" in name.upper(),
    )


def examined(ini_filename: str = FILE) -> tuple[list[Slot], Resolved]:
    """Return what holds, and what is wrong. ini.NoIni, OSError: the file cannot be read; else as `slots`."""
    wanted = slots(option_spec)
    path = _path(ini_filename)
    file = Layer("file", str(path), dict(_flat(ini.parse(_text(path)))))
    layers = [*conf.typed, _environment(wanted), *conf.said, file]
    return _with_defaults(wanted, resolve(wanted, layers))


def _with_defaults(wanted: Sequence[Slot], resolved: Resolved) -> tuple[list[Slot], Resolved]:
    """Read the defaults as well, which are given as they would be said; a wrong one is a problem where it counts."""
    meant, values, problems = [], dict(resolved.values), list(resolved.problems)
    for slot in wanted:
        try:
            default = slot.kind.read(slot.default)
        except WrongValue as problem:
            default = None
            if values[slot.name].layer is None and all(each.name != slot.name for each in problems):
                place = Layer("file", str(_path(FILE)), {})
                problems.append(Problem(slot.name, place, slot.name, problem.what))
        meant.append(replace(slot, default=default))
        if values[slot.name].layer is None:
            values[slot.name] = Value(default)
    return meant, Resolved(values, tuple(problems), resolved.warnings)


def read_options_file(ini_filename: str = FILE) -> dict[str, dict[str, Any]]:
    """Return section → option → value. SystemExit when something is wrong; all of it is logged."""
    try:
        wanted, resolved = examined(ini_filename)
    except (ini.NoIni, OSError) as problem:
        logger.error(f"Error processing {_path(ini_filename)}: {problem}")
        raise _abort() from None
    for wrong in resolved.problems:
        logger.error(in_words(wrong))
    if resolved.problems:
        raise _abort()
    for warning in (*resolved.warnings, *_deprecated(resolved)):
        logger.warning(warning)
    found: dict[str, dict[str, Any]] = {section: {} for section in option_spec}
    for slot in wanted:
        section, _, name = slot.name.partition(".")
        found[section][name] = resolved.values[slot.name].meant
    return found


def update_options_file(section: str, key: str, value: Any, ini_filename: str = FILE) -> None:
    """Set one value in the file, once it was found to be right. ValueError: it is not; HomeInUse."""
    read_options_file(ini_filename)
    path, name = _path(ini_filename), f"{section}.{key}"
    said = text_form(value)
    slot = next((slot for slot in slots(option_spec) if slot.name == name), None)
    try:
        if slot is None:
            raise WrongValue("there is no such option")
        slot.kind.read(said)
        text = ini.changed(_text(path), section, key, said)
    except (WrongValue, ini.NoIni) as problem:
        raise ValueError(f"Unable to set {key} in {ini_filename}: {problem}") from None
    _write(path, text)
    logger.warning(f"Options file {path} has been updated; server restart is required before change will take effect.")


def in_words(problem: Problem) -> str:
    """Return what is wrong with an option as Kolibri says it."""
    if problem.layer.source == "environment":
        return f"Error processing environment variable option {problem.key}: {problem.what}"
    section, _, name = problem.key.partition(".")
    place = problem.layer.place or "what was typed"
    return f"Error processing {place} under section [{section}] for option {name}: {problem.what}"


def _abort() -> SystemExit:
    logger.critical("Aborting: Could not process options config (see errors above for more details)")
    return SystemExit(1)


def _deprecated(resolved: Resolved) -> Iterator[str]:
    for section, name, attributes in _each(option_spec):
        if attributes.get("deprecated", False) and resolved.values[f"{section}.{name}"].layer is not None:
            yield f"Option {name} in section [{section}] is deprecated, please remove it from your options.ini file"


def _environment(wanted: Sequence[Slot]) -> Layer:
    """Return the variables that are set. An empty one says that the value is empty."""
    names = [name for slot in wanted for name in slot.variables if name in os.environ]
    return Layer("environment", "", {name: os.environ[name] for name in names})


def _flat(sections: Mapping[str, Mapping[str, ini.Raw]]) -> Iterator[tuple[str, ini.Raw]]:
    for section, options in sections.items():
        for name, value in options.items():
            yield f"{section}.{name}", value


def _each(spec: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for section, options in spec.items():
        for name, attributes in options.items():
            yield section, name, attributes


def _names(attributes: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """Return the names that an attribute lists; one name without a comma after it is easily written."""
    names = attributes.get(key, ())
    return (names,) if isinstance(names, str) else tuple(names)


def _path(ini_filename: str) -> Path:
    return Path(conf.KOLIBRI_HOME, ini_filename)


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="surrogateescape")
    except (FileNotFoundError, NotADirectoryError):
        return ""


def _write(path: Path, text: str) -> None:
    if path.parent == conf.home().path:
        conf.home().write(path.name, text)
    else:  # a file that the caller named, which is no home's
        path.write_text(text, errors="surrogateescape")
