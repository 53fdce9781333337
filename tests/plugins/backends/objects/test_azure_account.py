"""The account at Azure, found where Azure's tools are told it."""

import pytest

from yester.engine.errors import RepositoryError, UsageError
from yester.plugins.backends.objects.azure_account import Account, account

FULL = "DefaultEndpointsProtocol=https;AccountName=mine;AccountKey=a2V5PT0=;EndpointSuffix=core.chinacloudapi.cn"
SIGNED = "BlobEndpoint=https://mine.blob.core.windows.net/;SharedAccessSignature=sv=2021&sig=x%3D"
CHINA = "https://mine.blob.core.chinacloudapi.cn"


@pytest.mark.parametrize(
    ("given", "environment", "found"),
    [
        (("mine", "k", ""), {}, Account("mine", "k")),
        (("mine", "", "?sig=x"), {}, Account("mine", "", "sig=x")),
        (("mine", "k", "s"), {}, Account("mine", "k")),
        (("", "", ""), {"AZURE_STORAGE_ACCOUNT": "mine", "AZURE_STORAGE_KEY": "k"}, Account("mine", "k")),
        (
            ("", "", ""),
            {"AZURE_STORAGE_ACCOUNT_NAME": "mine", "AZURE_STORAGE_SAS_TOKEN": "s"},
            Account("mine", "", "s"),
        ),
        (("", "", "s"), {"AZURE_STORAGE_ACCOUNT": "mine", "AZURE_STORAGE_KEY": "k"}, Account("mine", "", "s")),
        (("mine", "", ""), {}, Account("mine")),
        (("", "", ""), {"AZURE_STORAGE_CONNECTION_STRING": FULL}, Account("mine", "a2V5PT0=", "", CHINA)),
        (("", "k", ""), {"AZURE_STORAGE_CONNECTION_STRING": FULL}, Account("mine", "k", "", CHINA)),
        (("other", "k", ""), {"AZURE_STORAGE_CONNECTION_STRING": FULL}, Account("other", "k")),
        (("other", "", ""), {"AZURE_STORAGE_CONNECTION_STRING": FULL}, Account("other")),
        (
            ("", "", ""),
            {"AZURE_STORAGE_CONNECTION_STRING": SIGNED},
            Account("mine", "", "sv=2021&sig=x%3D", "https://mine.blob.core.windows.net"),
        ),
    ],
)
def test_finds(given: tuple[str, str, str], environment: dict[str, str], found: Account) -> None:
    assert account(*given, environment) == found


def test_the_emulator_is_known() -> None:
    found = account("", "", "", {"AZURE_STORAGE_CONNECTION_STRING": "UseDevelopmentStorage=true;"})
    assert (found.name, found.endpoint) == ("devstoreaccount1", "http://127.0.0.1:10000/devstoreaccount1")


def test_no_account_is_said() -> None:
    with pytest.raises(RepositoryError, match="No storage account is named") as caught:
        account("", "k", "", {})
    assert "YESTER_AZ_ACCOUNT" in caught.value.hint


def test_what_is_no_connection_string_is_not_repeated() -> None:
    with pytest.raises(UsageError) as caught:
        account("", "", "", {"AZURE_STORAGE_CONNECTION_STRING": "hushhush"})
    assert "hush" not in caught.value.what + caught.value.hint
