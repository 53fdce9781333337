"""What stands around each backend: its puts are looked at, what fails for now is tried again, and calls are counted."""

from yester.engine.store import Store
from yester.plugins.backends.retrying import Patience, RetryingStore
from yester.plugins.backends.terms import Terms
from yester.plugins.backends.validating import ValidatingStore


def guarded(store: Store, terms: Terms, patience: Patience | None = None) -> Store:
    """Return a store as it is used, with as many tries as agreed."""
    return RetryingStore(ValidatingStore(store), patience, tally=terms.tally)
