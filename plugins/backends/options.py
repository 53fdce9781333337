"""Options of backends: which place says what holds, and where secrets come from.

The environment counts first, then the profile, then backends.toml. A secret stands in none of the files, which are
copied into snapshots and shown: they name a file or a command that has it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from yester.engine.errors import UsageError
from yester.engine.places import Places
from yester.plugins.backends.secrets import from_command, from_file
from yester.plugins.backends.settings import NAME, read_backends
from yester.plugins.options.layers import Layer, from_environment, from_table, variable_of
from yester.plugins.options.resolving import Resolved, resolve
from yester.plugins.options.spec import Option, slots_of

WAYS = {
    "file": ("path", "A file that holds it.", from_file),
    "command": ("string", "A command that prints it.", from_command),
}
"""Ending of an option that says where a secret is → its kind, what it is, and what reads it."""


def with_ways(spec: Mapping[str, Option]) -> dict[str, Option]:
    """Return the options with those that say where the secrets among them are."""
    every = dict(spec)
    for name, option in spec.items():
        if option.is_secret:
            every |= {f"{name}_{way}": Option(kind, None, about) for way, (kind, about, _) in WAYS.items()}
    return every


def layers_of(backend: str, environment: Mapping[str, str], stated: Mapping[str, object]) -> tuple[Layer, ...]:
    """Return what each place says about a backend. UsageError for a backends.toml that cannot be understood."""
    places = Places.default()
    return (
        from_environment(backend, environment),
        from_table("profile", f"[backends.{backend}]", stated),
        from_table("file", f"[{backend}] of {places.config / NAME}", read_backends(places).get(backend, {})),
    )


def resolved_options(
    backend: str, spec: Mapping[str, Option], layers: tuple[Layer, ...], *, may_be_more: bool = False
) -> dict[str, Any]:
    """Return the value of each option of `spec`. UsageError: one is wrong, or a secret in a file, or none that is.

    `may_be_more`: others, which somebody else checks, may be said too.
    """
    resolved = resolve(slots_of(backend, with_ways(spec)), layers)
    wrong = [*_bare_secrets(backend, spec, layers), *map(str, resolved.problems)]
    if not may_be_more:
        wrong += resolved.warnings
    if wrong:
        raise UsageError(f"The backend {backend}: {'; '.join(wrong)}", hint="All options: yester backend list")
    return {
        name: _secret(name, resolved, layers) if option.is_secret else resolved.values[name].meant
        for name, option in spec.items()
    }


def _bare_secrets(backend: str, spec: Mapping[str, Option], layers: tuple[Layer, ...]) -> Iterator[str]:
    for name, option in spec.items():
        if option.is_secret and any(name in layer.values for layer in layers if not layer.is_text):
            yield (
                f"{name} is a secret, which must not stand in a file that is copied and shown: write {name}_file or "
                f"{name}_command there, or set {variable_of(backend, name)}"
            )


def _secret(name: str, resolved: Resolved, layers: tuple[Layer, ...]) -> str | None:
    """Return a secret from the first place that says where it is; there itself, its file and its command in turn."""
    for layer in layers:
        if resolved.values[name].layer is layer:
            text: str = resolved.values[name].meant
            return text
        for way, (_, _, read) in WAYS.items():
            value = resolved.values[f"{name}_{way}"]
            if value.layer is layer:
                return read(value.meant, name)
    default: str | None = resolved.values[name].meant
    return default
