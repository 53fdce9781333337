"""Plugins; pure."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from yester.tui.serve.methods.kinds import Change, Look, Method
from yester.tui.serve.methods.params import Params


class PluginsWanted(Params, frozen=True, kw_only=True):
    """Plugins, as they are everywhere or in one profile."""

    profile: str = ""
    """As in runs of this profile; empty: in all others."""


class PluginNamed(PluginsWanted, frozen=True, kw_only=True):
    """A plugin, by its label."""

    plugin: str


class PluginsApplied(PluginsWanted, frozen=True, kw_only=True):
    """The plugins that are to be on."""

    plugins: tuple[str, ...] = ()
    """Their labels."""


class PluginOffer(PluginNamed, frozen=True, kw_only=True):
    """What a plugin offers: an action or a panel."""

    offer: str
    """Its name."""
    values: tuple[str, ...] = ()
    """Options of an action, each as `NAME=VALUE`."""


class PluginOptions(PluginNamed, frozen=True, kw_only=True):
    """What a plugin is to know from now on."""

    values: tuple[str, ...] = ()
    """Each as `NAME=VALUE`."""
    secrets: tuple[str, ...] = ()
    """Names of options whose values stand on the descriptor of `--secrets-fd`, a line each."""
    defaults: tuple[str, ...] = ()
    """Names of options that are to have their defaults again."""


def switching(verb: str) -> Callable[[PluginNamed], list[str]]:
    """Return what makes `yester plugin enable NAME` and its like."""
    return lambda asked: ["plugin", verb, "--yes", *_profile(asked), "--", asked.plugin]


def apply_plugins(asked: PluginsApplied) -> list[str]:
    """Return `yester plugin apply NAME…`."""
    return ["plugin", "apply", "--yes", *_profile(asked), "--", *asked.plugins]


def set_options(asked: PluginOptions) -> list[str]:
    """Return `yester plugin options NAME --set OPTION=VALUE…`."""
    changed = [*(f"--set={value}" for value in asked.values), *(f"--ask={name}" for name in asked.secrets)]
    changed += [f"--unset={name}" for name in asked.defaults]
    return ["plugin", "options", *changed, "--json", *_profile(asked), "--", asked.plugin]


def run_offer(asked: PluginOffer) -> list[str]:
    """Return `yester plugin run NAME OFFER OPTION=VALUE…`."""
    return ["plugin", "run", "--json", *_profile(asked), "--", asked.plugin, asked.offer, *asked.values]


def _profile(asked: PluginsWanted) -> list[str]:
    return [f"--profile={asked.profile}"] if asked.profile else []


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "plugins.list": Look(PluginsWanted, "plugins:plugins", "each plugin", "yester plugin list --json"),
        "plugins.show": Look(
            PluginNamed,
            "plugins:plugin",
            "one item, for which the plugin is loaded: what it hears, offers and wants to know, and why it cannot "
            "work (`broken`)",
            "yester plugin info PLUGIN --json",
        ),
        "plugins.enable": Change(PluginNamed, switching("enable"), "nothing"),
        "plugins.disable": Change(PluginNamed, switching("disable"), "nothing"),
        "plugins.apply": Change(PluginsApplied, apply_plugins, "nothing; all others are off"),
        "plugins.set": Change(
            PluginOptions,
            set_options,
            "what `yester plugin options PLUGIN --json` says then",
            secrets=lambda asked: len(asked.secrets),
        ),
        "plugins.run": Change(PluginOffer, run_offer, "the `text` of an action, or the `rows` of a panel"),
    }
)
