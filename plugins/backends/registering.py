"""Which backend serves a URL, among those that were registered in this process.

duplicity's functions, for backends and for programs that use them. In a process of yester's own nothing is here but
what a program registers that uses yester as a library: third-party backends register in their workers.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from yester.engine.errors import UsageError
from yester.engine.nearest import did_you_mean
from yester.engine.store import Store
from yester.plugins.backends.address import ParsedUrl, is_backend_url, shown, strip_prefix
from yester.plugins.backends.checking import checked
from yester.plugins.backends.contract import Backend, BackendException

Factory = Callable[[ParsedUrl], Backend]
"""Makes a backend: a class, or a function."""


class ConflictingScheme(UsageError):
    """Two backends want the same scheme or prefix."""


class UnsupportedBackendScheme(UsageError):
    """No backend serves a scheme; `url` is shown without secrets."""

    def __init__(self, url: str, hint: str = "") -> None:
        super().__init__(f"No backend serves {shown(url)}", hint=hint)
        self.url = url


class Choice(NamedTuple):
    """The backend that serves a URL."""

    factory: Factory
    url: str
    """What it is to open: the inner URL, for a prefix."""


class Registry:
    """Schemes and prefixes, in small letters, and what serves them."""

    def __init__(self) -> None:
        self.schemes: dict[str, Factory] = {}
        self.prefixes: dict[str, Factory] = {}

    def add(self, table: dict[str, Factory], what: str, name: str, factory: Factory) -> None:
        """Let a factory serve a name. UsageError: it cannot; ConflictingScheme: another one does."""
        if not callable(factory):
            raise UsageError(f"The {what} {name} needs a class or a function that makes a backend, not {factory!r}")
        if isinstance(factory, type):
            checked(factory)
        if name.lower() in table:
            raise ConflictingScheme(f"The {what} {name} is served already, by {table[name.lower()]!r}")
        table[name.lower()] = factory

    def choose(self, url: str) -> Choice:
        """Return what serves a URL, prefixes first; UnsupportedBackendScheme."""
        scheme = url.partition(":")[0].lower()
        prefix, plus, _ = scheme.partition("+")
        if plus and prefix in self.prefixes:
            return Choice(self.prefixes[prefix], strip_prefix(url, prefix))
        if scheme not in self.schemes:
            raise UnsupportedBackendScheme(url, did_you_mean(scheme, self.schemes))
        return Choice(self.schemes[scheme], url)

    def serves(self, url: str) -> bool:
        """Whether anything was registered for a URL."""
        try:
            self.choose(url)
        except UnsupportedBackendScheme:
            return False
        return True


REGISTRY = Registry()
"""This process's."""


def register_backend(scheme: str, factory: Factory) -> None:
    """Let `factory` serve `scheme://…`. ConflictingScheme; UsageError for what cannot be a backend."""
    REGISTRY.add(REGISTRY.schemes, "scheme", scheme, factory)


def register_backend_prefix(prefix: str, factory: Factory) -> None:
    """Let `factory` serve `prefix+SCHEME://…`; it gets the inner URL. As `register_backend`."""
    REGISTRY.add(REGISTRY.prefixes, "prefix", prefix, factory)


def get_backend_object(url: str, registry: Registry = REGISTRY) -> Backend | None:
    """Return the backend at a URL, None for a local path. UnsupportedBackendScheme, InvalidBackendURL.

    BackendException when something cannot be imported that it needs; and whatever making it raises.
    """
    if not is_backend_url(url):
        return None
    factory, inner = registry.choose(url)
    return made(factory, inner, {})


def made(factory: Factory, url: str, options: Mapping[str, object]) -> Backend:
    """Return a backend of this URL with these options. As `get_backend_object`."""
    has_host = getattr(factory, "has_host", True)
    parsed = ParsedUrl.of(url, has_host=has_host)
    try:
        backend = factory(parsed) if not isinstance(factory, type) else _instance(factory, parsed, options)
    except ImportError as problem:
        raise BackendException(f"Could not initialize backend: {problem}") from problem
    checked(type(backend))
    return backend


def _instance(kind: type[Backend], url: ParsedUrl, options: Mapping[str, object]) -> Backend:
    """Make an object of a class, which has its options when `__init__` runs."""
    backend = object.__new__(kind)
    backend.parsed_url, backend.options = url, options
    kind.__init__(backend, url)
    return backend


def get_backend(url: str) -> Store | None:
    """Return the store at a URL of a backend that was registered here, None for a local path."""
    from yester.plugins.backends.registry import open_store

    return open_store(url) if is_backend_url(url) else None
