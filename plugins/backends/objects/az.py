"""az://: Azure Blob Storage. A bucket is called a container there, and belongs to a storage account."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from obstore.store import AzureStore

from yester.engine.store import Store
from yester.plugins.backends.guarding import guarded
from yester.plugins.backends.objects import classes
from yester.plugins.backends.objects.address import parse
from yester.plugins.backends.objects.az_tiers import AzureTiers
from yester.plugins.backends.objects.azure_account import Account, account, may_be_found
from yester.plugins.backends.objects.client import Client
from yester.plugins.backends.objects.opening import Provider, opened
from yester.plugins.backends.objects.store import ObjectsStore
from yester.plugins.backends.objects.trust import COMMON, endpoint_url, trust
from yester.plugins.backends.terms import Terms
from yester.plugins.backends.tries import PATIENCE, patience_of
from yester.plugins.options.spec import Option

if TYPE_CHECKING:
    from obstore.store import AzureConfig, ClientConfig, RetryConfig

OPTIONS: Mapping[str, Option] = {
    "account": Option("string", "", "The storage account that the container belongs to."),
    "endpoint": Option("string", "", "The server, such as https://host:port, where it is not the account's at Azure."),
    "key": Option("string", "", "An access key of the account.", is_secret=True),
    "sas": Option("string", "", "A shared access signature, in the place of a key.", is_secret=True),
    "restore_tier": Option("option", "Hot", "The tier that archived objects go to.", choices=("Hot", "Cool", "Cold")),
    "restore_priority": Option("option", "Standard", "How fast they go there.", choices=("Standard", "High")),
    **COMMON,
    **classes.OPTIONS,
    **PATIENCE,
}

SECRETS = "YESTER_AZ_KEY, YESTER_AZ_SAS or AZURE_STORAGE_CONNECTION_STRING, or log in: az login."


def open_store(url: str, terms: Terms) -> Store:
    """Open the store at an az:// URL, with its retries. RepositoryError, UsageError."""
    address = parse(url, SECRETS)
    options = terms.options("az", OPTIONS)
    class_of = classes.class_of(options)
    known = account(options["account"], options["key"], options["sas"], terms.environment)
    endpoint = endpoint_url(options["endpoint"] or known.endpoint)
    config = _config(address.bucket, known, endpoint, terms.environment)
    trusted = trust(options["ca_file"], endpoint)

    def library(limits: "ClientConfig", retries: "RetryConfig") -> AzureStore:
        return AzureStore(config=config, client_options=limits, retry_config=retries)

    def connect(_: str) -> Client:
        return Client(library, trusted, stall_s=options["timeout"])

    make = f"az storage container create --account-name {known.name} --name {{bucket}}"
    client = opened(connect, address, terms.create, Provider(make, SECRETS, "Azure's language", "container"))
    tiers = AzureTiers(
        client, options["ca_file"], options["timeout"], options["restore_tier"], options["restore_priority"]
    )
    return guarded(ObjectsStore(address, client, tiers, class_of=class_of), terms, patience_of(options))


def _config(container: str, known: Account, endpoint: str, environment: Mapping[str, str]) -> "AzureConfig":
    config: AzureConfig = {"container_name": container, "account_name": known.name}
    if endpoint:
        config["endpoint"] = endpoint
    if known.key:
        config["account_key"] = known.key
    elif known.sas:
        config["sas_key"] = known.sas
    elif not may_be_found(environment) and _has_login(environment):
        config["use_azure_cli"] = True
    return config


def _has_login(environment: Mapping[str, str]) -> bool:
    """Whether somebody has logged in with the program az."""
    folder = Path(environment.get("AZURE_CONFIG_DIR") or "~/.azure").expanduser()
    return (folder / "azureProfile.json").exists() and shutil.which("az", path=environment.get("PATH")) is not None
