"""What the answers of one `yester serve` share: where things are, open repositories, plugins that live with it."""

from dataclasses import dataclass, field

from yester.engine.places import Places
from yester.engine.schedule.machine import Machine
from yester.engine.schedule.starters import Starters
from yester.tui.serve.app import AppPlugins
from yester.tui.serve.comparing import Comparisons
from yester.tui.serve.names import KeptNames
from yester.tui.serve.ordering import Orders
from yester.tui.serve.repositories import Repositories


@dataclass(frozen=True, slots=True)
class Desk:
    """Used by many threads; each part sees to its own locks."""

    places: Places
    plugins: AppPlugins
    repositories: Repositories
    starters: Starters
    orders: Orders = field(default_factory=Orders)
    names: KeptNames = field(default_factory=KeptNames)
    comparisons: Comparisons = field(default_factory=Comparisons)

    @classmethod
    def at(cls, places: Places, secrets: int | None) -> "Desk":
        """`secrets` is the descriptor on which the client sends passphrases, if it has one."""
        plugins = AppPlugins(places)
        return cls(places, plugins, Repositories(places, plugins, secrets), Starters(Machine.this(places)))

    def close(self) -> None:
        """The client is gone: close what is open, and tell plugins."""
        self.repositories.close()
        self.plugins.end()
