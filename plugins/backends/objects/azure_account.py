"""Which account at Azure, and whose requests to it these are: as Azure's own tools are told. Pure.

What is not said is left to the library, which knows service principals (`AZURE_CLIENT_ID`, `AZURE_TENANT_ID` and
`AZURE_CLIENT_SECRET` or `AZURE_FEDERATED_TOKEN_FILE`) and the identity of the machine.

https://learn.microsoft.com/en-us/azure/storage/common/storage-configure-connection-string
https://learn.microsoft.com/en-us/azure/storage/blobs/authorize-data-operations-cli
"""

from collections.abc import Mapping
from dataclasses import dataclass

from yester.engine.errors import RepositoryError, UsageError

_CONNECTION = "AZURE_STORAGE_CONNECTION_STRING"
_EMULATOR = {
    "AccountName": "devstoreaccount1",
    "AccountKey": "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
    "BlobEndpoint": "http://127.0.0.1:10000/devstoreaccount1",
}
"""What `UseDevelopmentStorage=true` means: the emulator's account and key are known to all."""
_ACCOUNT = ("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT")
_KEY = ("AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_ACCESS_KEY", "AZURE_STORAGE_KEY")
_SAS = ("AZURE_STORAGE_SAS_TOKEN", "AZURE_STORAGE_SAS_KEY")
_OF_LIBRARY = (
    "AZURE_STORAGE_TOKEN",
    "AZURE_CLIENT_ID",
    "AZURE_STORAGE_CLIENT_ID",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_MSI_ENDPOINT",
    "IDENTITY_ENDPOINT",
    "MSI_ENDPOINT",
)
"""Variables that say that the library can find out who asks."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account, and what opens it."""

    name: str
    key: str = ""
    sas: str = ""
    """A shared access signature."""
    endpoint: str = ""
    """The server, where it is not the account's name at Azure."""

    @property
    def is_open(self) -> bool:
        """Whether something opens it that the library need not find."""
        return bool(self.key or self.sas)


def account(name: str, key: str, sas: str, environment: Mapping[str, str]) -> Account:
    """Return the account to use; what is given comes before the environment. RepositoryError, UsageError."""
    connection = _connection(environment.get(_CONNECTION, ""))
    # A key or signature that was given counts alone: the library would take another one before it.
    key, sas = (key, "" if key else sas) if key or sas else (_first(environment, *_KEY), _first(environment, *_SAS))
    name = name or _first(environment, *_ACCOUNT)
    if not name or name == connection.get("AccountName", name):
        name = name or _account_of(connection)
        key, sas = (key, sas) if key or sas else (connection.get("AccountKey", ""), _signature(connection))
        endpoint = _endpoint(connection)
    else:
        endpoint = ""
    if not name:
        raise RepositoryError(
            "No storage account is named", hint="Set YESTER_AZ_ACCOUNT, or account in [backends.az] of the profile."
        )
    return Account(name, key, "" if key else sas.lstrip("?"), endpoint)


def may_be_found(environment: Mapping[str, str]) -> bool:
    """Whether the environment says who asks, so that the library can find out."""
    return any(environment.get(name) for name in _OF_LIBRARY)


def _first(environment: Mapping[str, str], *names: str) -> str:
    return next((environment[name] for name in names if environment.get(name)), "")


def _connection(text: str) -> Mapping[str, str]:
    """Return the parts of a connection string. UsageError, in which nothing of it is repeated."""
    parts = [part.partition("=") for part in text.split(";") if part.strip()]
    if not all(name.strip() and sign for name, sign, _ in parts):
        raise UsageError(f"{_CONNECTION} is none", hint="Copy it from the account's page at Azure, Access keys.")
    found = {name.strip(): value.strip() for name, _, value in parts}
    return _EMULATOR if found.get("UseDevelopmentStorage", "").lower() == "true" else found


def _account_of(connection: Mapping[str, str]) -> str:
    """Return the account's name, which a connection string with a signature has only in its endpoint."""
    host = connection.get("BlobEndpoint", "").partition("://")[2].partition("/")[0]
    return connection.get("AccountName") or (host.partition(".")[0] if ".blob." in host else "")


def _signature(connection: Mapping[str, str]) -> str:
    return connection.get("SharedAccessSignature", "")


def _endpoint(connection: Mapping[str, str]) -> str:
    suffix = connection.get("EndpointSuffix", "")
    if connection.get("BlobEndpoint"):
        return connection["BlobEndpoint"].rstrip("/")
    if not suffix or not connection.get("AccountName"):
        return ""
    return f"{connection.get('DefaultEndpointsProtocol', 'https')}://{connection['AccountName']}.blob.{suffix}"
