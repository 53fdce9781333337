"""Opening backends that are no part of yester.

Its name is the scheme that a backend serves, or what stands before the first `+` of the scheme: so no file is imported
to find out what it serves. What others could have written is refused, as with plugins.
"""

from collections.abc import Mapping
from importlib.metadata import EntryPoint
from pathlib import Path

from yester.engine.errors import RepositoryError, UsageError
from yester.engine.places import Places
from yester.engine.store import Store
from yester.engine.urls import scheme_of, shown_url
from yester.plugins.backends.adapted import AdaptedStore
from yester.plugins.backends.codes import Failed
from yester.plugins.backends.common_options import COMMON, times_of
from yester.plugins.backends.finding import GROUP, WORLD, find
from yester.plugins.backends.foreign import Foreign, Recipe
from yester.plugins.backends.options import layers_of, resolved_options
from yester.plugins.backends.raw import Raw, RawHere
from yester.plugins.backends.registering import REGISTRY, made
from yester.plugins.backends.retrying import RetryingStore
from yester.plugins.backends.spool import Spool
from yester.plugins.backends.terms import Terms
from yester.plugins.backends.tries import patience_of
from yester.plugins.backends.verbs import Verbs
from yester.plugins.found import Found
from yester.plugins.module_files import module_file
from yester.plugins.native.loading import ENTRY
from yester.plugins.options.layers import SWITCH
from yester.plugins.settings import read_settings
from yester.plugins.trust import check_trust
from yester.plugins.worker.messages import PluginFile

_REACHING = "Check the address, the network, and what the backend needs to log in."


def name_of(url: str) -> str:
    """Return the name that a URL's backend has."""
    return scheme_of(url).partition("+")[0]


def open_store(url: str, terms: Terms) -> Store | None:
    """Return the store at a URL that a registered or third-party backend serves, None when there is no such backend.

    UsageError: it is off, refused, or wrong; RepositoryError: it fails.
    """
    name = name_of(url)
    layers = layers_of(name, terms.environment, terms.stated.get(name, {}))
    if REGISTRY.serves(url):
        factory, inner = REGISTRY.choose(url)
        spec = {**COMMON, **getattr(factory, "option_spec", {})}
        options = resolved_options(name, spec, layers)
        return adapted(RawHere(lambda: made(factory, inner, options), name), url, terms, options)
    found = _chosen(url, terms)
    return None if found is None else _opened(found.place, url, terms)


def open_with(file: Path, url: str, terms: Terms) -> Store:
    """Return the store at a URL that the backend in a file serves, wherever that lies. As `open_store`."""
    if not file.is_file():
        raise UsageError(f"There is no file {file}", hint="Give the file that has the backend's class.")
    check_trust(file)
    return _opened(str(file), url, terms, file.stem)


def _opened(place: str, url: str, terms: Terms, named: str = "") -> Store:
    """Return the store at a URL that the backend at a place, a file or an entry point, serves; `named` if not by it."""
    name = name_of(url)
    layers = layers_of(name, terms.environment, terms.stated.get(name, {}))
    options = resolved_options(name, COMMON, layers, may_be_more=True)
    plugin = PluginFile(named or name, place, layers)
    recipe = Recipe(WORLD, plugin, (), name, {"url": url}, environment=terms.environment)
    return adapted(foreign(recipe, url), url, terms, options)


def foreign(recipe: Recipe, url: str) -> Raw:
    """Return a backend in a worker. UsageError when it cannot be made, RepositoryError when its service fails."""
    try:
        return Foreign(recipe)
    except Failed as problem:
        failure = problem.failure
    if failure.is_usage:
        raise UsageError(f"The backend {recipe.label} cannot open {shown_url(url)}: {failure.text}", hint=failure.hint)
    error = failure.error(f"The backend {recipe.label} could not open {shown_url(url)}", "")
    raise RepositoryError(error.what, hint=error.hint or _REACHING)


def adapted(raw: Raw, url: str, terms: Terms, options: Mapping[str, object]) -> Store:
    """Return a backend as a store, with its retries, on the common options. It looks at its puts itself."""
    spool = Spool(Places.default(), options["temporary_size"])  # type: ignore[arg-type]
    store = AdaptedStore(Verbs(raw, shown_url(url), times_of(options)), spool)
    return RetryingStore(store, patience_of(options), between=store.retry_cleanup, tally=terms.tally)


def _chosen(url: str, terms: Terms) -> Found | None:
    """Return the backend of a URL's name; UsageError when it may not be used."""
    name = name_of(url)
    places = Places.default()
    settings = read_settings(places)
    there = [each for each in find(places, settings) if each.name == name]
    if not there:
        return None
    found = there[0]
    if found.problem:
        raise UsageError(f"The backend {name}: {found.problem}", hint=found.hint)
    said = terms.stated.get(name, {}).get(SWITCH)
    if not (found.is_enabled if said is None else said is True):
        raise UsageError(f"The backend {name} is not enabled", hint=f"To enable it: yester plugin enable {name}")
    file = Path(found.place) if not found.place.startswith(ENTRY) else _file_of(found)
    try:
        check_trust(file)
    except UsageError as problem:
        raise UsageError(f"The backend {name} is refused: {problem.what}", hint=problem.hint) from None
    return found


def _file_of(found: Found) -> Path:
    module = EntryPoint(found.name, found.place.removeprefix(ENTRY), GROUP).module
    file = module_file(module)
    if file is None:
        raise UsageError(f"The backend {found.name}: the file of {module} cannot be found", hint="Install it anew.")
    return file
