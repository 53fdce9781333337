"""The store against moto, which heeds conditions."""

from collections.abc import Iterator

import pytest
from tests.backend_contract import BackendContract
from tests.moto_server import PAGE

from yester.engine.store import Store
from yester.plugins.backends.objects.s3 import region_of
from yester.plugins.backends.registry import open_store


class TestS3Store(BackendContract):
    MANY = PAGE * 5 // 2

    @pytest.fixture
    def store(self, url: str) -> Iterator[Store]:
        opened = open_store(url, create=True)
        yield opened
        opened.close()


@pytest.mark.parametrize(
    ("endpoint", "region"),
    [
        ("", "us-east-1"),
        ("http://127.0.0.1:9000", "us-east-1"),
        ("https://s3.us-west-004.backblazeb2.com", "us-west-004"),
        ("https://s3.eu-central-1.wasabisys.com", "eu-central-1"),
        ("https://s3-eu-west-1.amazonaws.com", "eu-west-1"),
        ("https://s3.fr-par.scw.cloud", "fr-par"),
        ("https://0123abcd.r2.cloudflarestorage.com", "auto"),
    ],
)
def test_the_servers_name_says_the_region(endpoint: str, region: str) -> None:
    assert region_of(endpoint) == region
