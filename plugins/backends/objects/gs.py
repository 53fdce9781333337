"""gs://: Google Cloud Storage."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from obstore.store import GCSStore

from yester.engine.store import Store
from yester.plugins.backends.guarding import guarded
from yester.plugins.backends.objects import classes
from yester.plugins.backends.objects.address import parse
from yester.plugins.backends.objects.client import Client
from yester.plugins.backends.objects.google_credentials import Login, login
from yester.plugins.backends.objects.opening import Provider, opened
from yester.plugins.backends.objects.store import ObjectsStore
from yester.plugins.backends.objects.tiers import NoTiers
from yester.plugins.backends.objects.trust import COMMON, endpoint_url, trust
from yester.plugins.backends.terms import Terms
from yester.plugins.backends.tries import PATIENCE, patience_of
from yester.plugins.options.spec import Option

if TYPE_CHECKING:
    from obstore.store import ClientConfig, GCSConfig, GCSCredential, RetryConfig

OPTIONS: Mapping[str, Option] = {
    "endpoint": Option("string", "", "The server, such as https://host:port, where it is not Google's own."),
    "service_account": Option("path", "", "The file with the key of a service account."),
    "token": Option("string", "", "An access token, in the place of other credentials.", is_secret=True),
    **COMMON,
    **classes.OPTIONS,
    **PATIENCE,
}

SECRETS = (
    "GOOGLE_APPLICATION_CREDENTIALS to a service account's file, or log in: gcloud auth application-default login."
)

_GOOGLE = Provider("gcloud storage buckets create gs://{bucket}", SECRETS, "Google's language")


def open_store(url: str, terms: Terms) -> Store:
    """Open the store at a gs:// URL, with its retries. RepositoryError, UsageError."""
    address = parse(url, SECRETS)
    options = terms.options("gs", OPTIONS)
    class_of = classes.class_of(options)
    endpoint = endpoint_url(options["endpoint"])
    known = login(options["token"], options["service_account"], terms.environment)
    config: GCSConfig = {"bucket": address.bucket}
    if endpoint:
        config["base_url"] = endpoint
    if known.service_account:
        config["service_account"] = known.service_account
    if known.application_credentials:
        config["application_credentials"] = known.application_credentials
    provider = _provider(known)

    def library(limits: "ClientConfig", retries: "RetryConfig") -> GCSStore:
        return GCSStore(config=config, client_options=limits, retry_config=retries, credential_provider=provider)

    def connect(_: str) -> Client:
        # Parts that nobody ended would stay for ever, and one request may be as large as any object.
        return Client(library, trust(options["ca_file"], endpoint), stall_s=options["timeout"], in_parts=False)

    client = opened(connect, address, terms.create, _GOOGLE)
    # What lies in Google's cold classes can be read at once: it only costs more.
    return guarded(ObjectsStore(address, client, NoTiers(), class_of=class_of), terms, patience_of(options))


def _provider(known: Login) -> "Callable[[], GCSCredential] | None":
    """Return what makes tokens for the library; None where it finds its own."""
    token = known.token
    if token is None:
        return None

    def credential() -> "GCSCredential":
        text, lasts = token()
        return {"token": text, "expires_at": datetime.now(UTC) + lasts if lasts else None}

    return credential
