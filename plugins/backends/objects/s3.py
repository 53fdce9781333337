"""s3:// and what speaks S3: Ceph, MinIO, B2, R2, Wasabi and others, by an endpoint of their own."""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from obstore.store import S3Store

from yester.engine.errors import RepositoryError
from yester.engine.store import Store
from yester.plugins.backends.guarding import guarded
from yester.plugins.backends.objects import classes
from yester.plugins.backends.objects.address import Address, parse
from yester.plugins.backends.objects.aws_credentials import Account, account, has_role
from yester.plugins.backends.objects.aws_signing import Keys
from yester.plugins.backends.objects.client import Client
from yester.plugins.backends.objects.opening import Provider, opened
from yester.plugins.backends.objects.s3_requests import Requests
from yester.plugins.backends.objects.s3_tiers import S3Tiers
from yester.plugins.backends.objects.store import ObjectsStore
from yester.plugins.backends.objects.tiers import NoTiers, Tiers
from yester.plugins.backends.objects.trust import COMMON, endpoint_url, trust
from yester.plugins.backends.terms import Terms
from yester.plugins.backends.tries import PATIENCE, patience_of
from yester.plugins.options.spec import Option

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Config, S3Credential

OPTIONS: Mapping[str, Option] = {
    "endpoint": Option("string", "", "The server, such as https://host:port, where it is not Amazon's."),
    "region": Option("string", "", "The region of the bucket."),
    "profile": Option("string", "", "The profile of ~/.aws/config and ~/.aws/credentials that is used."),
    "addressing": Option(
        "option", "auto", "Where the bucket's name stands in requests.", choices=("auto", "path", "virtual")
    ),
    "restore_days": Option("integer", 7, "How many days what is restored from a cold class stays readable."),
    "restore_tier": Option("option", "Standard", "How fast it is restored.", choices=("Bulk", "Standard", "Expedited")),
    **COMMON,
    **classes.OPTIONS,
    **PATIENCE,
}

SECRETS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile in ~/.aws/credentials."

_IN_HOST = re.compile(r"(?:^|[./])s3[.-]([a-z]{2}-[a-z0-9-]+)\.")
_REGIONS = {".r2.cloudflarestorage.com": "auto"}
_DEFAULT_REGION = "us-east-1"


def open_store(url: str, terms: Terms) -> Store:
    """Open the store at an s3:// URL, with its retries. RepositoryError, UsageError."""
    address = parse(url, SECRETS)
    options = terms.options("s3", OPTIONS)
    class_of = classes.class_of(options)
    known = account(options["profile"], terms.environment)
    if known.keys is None and not _may_have_role(terms.environment):
        raise RepositoryError(f"There are no credentials for {address}", hint=f"Set {SECRETS}")
    endpoint = address.endpoint or endpoint_url(options["endpoint"] or known.endpoint)
    trusted_file = options["ca_file"] or known.ca_file
    trusted = trust(trusted_file, endpoint)

    keys = known.keys
    credentials = (lambda: _credential(keys())) if keys else None
    regions = [""]

    def connect(region: str) -> Client:
        regions.append(region)
        config = _config(address, options, known, endpoint, region)

        def library(limits: "ClientConfig", retries: "RetryConfig") -> S3Store:
            return S3Store(config=config, client_options=limits, retry_config=retries, credential_provider=credentials)

        return Client(library, trusted, stall_s=options["timeout"])

    if keys:
        keys()  # now, while it can be said in words of its own that there are none
    provider = Provider(f"aws s3 mb s3://{{bucket}}{_by_hand(endpoint)}", SECRETS, "S3")
    client = opened(connect, address, terms.create, provider)
    tiers = _tiers(address, options, _config(address, options, known, endpoint, regions[-1]), keys, trusted_file)
    store = ObjectsStore(address, client, tiers, class_of=class_of, deletes_blindly=True)
    return guarded(store, terms, patience_of(options))


def _credential(keys: Keys) -> "S3Credential":
    """Return keys as the library takes them."""
    return {
        "access_key_id": keys.access,
        "secret_access_key": keys.secret,
        "token": keys.token or None,
        "expires_at": keys.expires,
    }


def _tiers(
    address: Address, options: Mapping[str, Any], config: "S3Config", keys: Callable[[], Keys] | None, ca_file: str
) -> Tiers:
    """Return what restores and tidies up; with the keys of a role, which only the library knows, nothing does."""
    if keys is None:
        return NoTiers()
    region = config["region"]
    amazon = f"https://{address.bucket}.s3.{region}.amazonaws.com"
    base = config.get("endpoint") or (
        amazon if config["virtual_hosted_style_request"] else f"https://s3.{region}.amazonaws.com"
    )
    if not config["virtual_hosted_style_request"]:
        base = f"{base}/{address.bucket}"
    requests = Requests(base, region, keys, ca_file, options["timeout"])
    return S3Tiers(requests, address, options["restore_days"], options["restore_tier"])


def _may_have_role(environment: Mapping[str, str]) -> bool:
    return environment.get("AWS_EC2_METADATA_DISABLED", "").lower() != "true" or has_role(environment)


def _by_hand(endpoint: str) -> str:
    return f" --endpoint-url {endpoint}" if endpoint else ""


def _config(address: Address, options: Mapping[str, Any], known: Account, endpoint: str, region: str) -> "S3Config":
    """Return the library's settings; what is not in here it takes from the environment, which names a server too."""
    virtual = options["addressing"] == "virtual" or (
        options["addressing"] == "auto" and not endpoint and "." not in address.bucket
    )
    config: S3Config = {
        "bucket": address.bucket,
        "region": region or options["region"] or known.region or region_of(endpoint),
        "virtual_hosted_style_request": virtual,
        "disable_bulk_delete": True,
        "conditional_put": "etag",
        # Where TLS keeps what is sent whole, a digest of it in the signature is a third of what an upload costs.
        "unsigned_payload": not endpoint.startswith("http://"),
    }
    if endpoint:
        scheme, _, host = endpoint.partition("://")
        config["endpoint"] = f"{scheme}://{address.bucket}.{host}" if virtual else endpoint
        config["aws_endpoint_url_s3"] = config["endpoint"]
    return config


def region_of(endpoint: str) -> str:
    """Return the region that the name of a server says; else the one that servers without regions take."""
    for ending, region in _REGIONS.items():
        if endpoint.endswith(ending):
            return region
    named = _IN_HOST.search(endpoint)
    return named[1] if named else _DEFAULT_REGION
