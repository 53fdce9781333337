"""Terms: how a store is opened besides its URL."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from yester.engine.errors import UsageError
from yester.engine.store import Store

if TYPE_CHECKING:
    from yester.plugins.options.spec import Option


@dataclass(frozen=True, slots=True)
class Terms:
    """Whether the store may be made, and what was said about the backends that it is reached through."""

    opening: Callable[[str, "Terms"], Store]
    """What opens the store at a URL: for backends that stand in front of another."""
    create: bool = False
    stated: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """Backend → its options, as the profile's [backends.NAME] say them."""
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)

    def open(self, url: str) -> Store:
        """Return the store at another URL on the same terms."""
        return self.opening(url, self)

    def options(self, backend: str, spec: "Mapping[str, Option]") -> Mapping[str, Any]:
        """Return the value of each option: the variable `YESTER_BACKEND_OPTION`, else the profile, else the default.

        UsageError for a wrong one, and for one in the profile that the backend does not know.
        """
        # Not needed, and not loaded, for a folder.
        from yester.plugins.options.layers import from_environment, from_table
        from yester.plugins.options.resolving import resolve
        from yester.plugins.options.spec import slots_of

        layers = (
            from_environment(backend, self.environment),
            from_table("profile", f"[backends.{backend}]", self.stated.get(backend, {})),
        )
        resolved = resolve(slots_of(backend, spec), layers)
        wrong = [*map(str, resolved.problems), *resolved.warnings]
        if wrong:
            raise UsageError(f"The backend {backend}: {'; '.join(wrong)}", hint="All options: yester backend list")
        return {name: value.meant for name, value in resolved.values.items()}
