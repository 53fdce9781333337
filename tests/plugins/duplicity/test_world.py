"""Backends of duplicity in their workers: a file of one's own, and what it may do."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.plugins.duplicity.contract import DuplicityContract, emptied
from tests.plugins.duplicity.plain_backends import lay

from yester.engine.errors import RepositoryError, StoreError, UsageError
from yester.engine.store import Store
from yester.plugins.backends.registry import open_store
from yester.plugins.backends.retrying import RetryingStore
from yester.plugins.duplicity import files


def alone(folder: Path, patch: pytest.MonkeyPatch) -> Path:
    """Let there be no backend files but those in the folder that is returned."""
    patch.setattr(files, "SYSTEM", folder / "none")
    patch.setattr(files, "module_file", lambda name: None)
    patch.setenv("YESTER_DUPLICITY_TRIES", "1")
    return lay(folder / "home", patch)


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return alone(tmp_path, monkeypatch)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"duplicity+plain://{tmp_path}/there"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    store = open_store(url, create=True)
    yield store
    store.close()


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Store]]:
    """One place, opened twice: a process that starts for each test would take most of the time."""
    folder = tmp_path_factory.mktemp("opened")
    url = f"duplicity+plain://{folder}/there"
    with pytest.MonkeyPatch.context() as patch:
        alone(folder, patch)
        stores = open_store(url, create=True), open_store(url)
    yield stores
    for store in stores:
        store.close()


class TestPlain(DuplicityContract):
    LACKS = frozenset({"_delete_list", "_move", "_query", "_query_list", "_validate"})

    @pytest.fixture
    def store(self, opened: tuple[Store, Store]) -> Store:
        return emptied(opened[0])

    @pytest.fixture
    def other(self, opened: tuple[Store, Store]) -> Store:
        return opened[1]


def test_is_behind_retries_and_says_where_it_is(store: Store, url: str) -> None:
    assert isinstance(store, RetryingStore)
    assert store.place == url
    assert not store.capabilities.local


def test_foreign_files_do_no_harm(store: Store, tmp_path: Path) -> None:
    store.put("data.1", [b"x"])
    for name in (b"duplicity-full.20261121T060000Z.manifest", b"\xff_w", b"\xff", b"data.2", b"data.3_w"):
        Path(os.fsdecode(bytes(tmp_path) + b"/there/" + name)).write_bytes(b"")
    assert [*store.list()] == ["data.1"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("at=exit", "it ended the program with exit code 38"),
        ("at=ask", "EOFError"),
    ],
)
def test_nothing_that_a_backend_does_ends_yester(url: str, query: str, said: str) -> None:
    with pytest.raises(RepositoryError, match=said):
        open_store(f"{url}?{query}", create=True)


@pytest.mark.parametrize("query", ["put=exit", "put=die", "put=ask"])
def test_a_worker_that_ended_is_started_anew(url: str, query: str) -> None:
    store = open_store(f"{url}?{query}", create=True)
    try:
        for _ in range(2):
            with pytest.raises(StoreError, match=r"data\.1"):
                store.put("data.1", [b"x"])
            assert [*store.list()] == []
    finally:
        store.close()


def test_a_password_comes_by_the_environment_and_goes_nowhere(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FTP_PASSWORD", "hidden-word")
    with pytest.raises(RepositoryError, match=r"refused: \*\*\*") as caught:
        open_store(f"{url}?at=password", create=True)
    assert "hidden-word" not in str(caught.value)
    assert "credentials" in caught.value.hint


def test_a_module_that_lacks_is_named(url: str) -> None:
    with pytest.raises(UsageError, match="no_such_module") as caught:
        open_store(f"{url}?at=module", create=True)
    assert "Python that runs yester" in caught.value.hint


def test_an_unknown_scheme_says_which_there_are_and_what_was_left_out(own: Path, tmp_path: Path) -> None:
    (own / "brokenbackend.py").write_text("import no_such_module\n")
    with pytest.raises(UsageError, match="no backend takes plan: URLs") as caught:
        open_store(f"duplicity+plan://{tmp_path}")
    assert "plain?" in caught.value.hint
    assert "Known are plain." in caught.value.hint
    assert "brokenbackend.py: ModuleNotFoundError: No module named 'no_such_module'" in caught.value.hint


def test_a_url_without_the_host_that_it_needs(own: Path) -> None:
    (own / "netbackend.py").write_text("from duplicity.backend import uses_netloc\nuses_netloc.append('net')\n")
    with pytest.raises(UsageError, match="missing hostname"):
        open_store("duplicity+net:///x")


def test_its_settings_are_options(url: str, own: Path) -> None:
    (own / "toldbackend.py").write_text(
        "from duplicity import config, backend, errors\n"
        "def tell(url):\n"
        "    raise errors.BackendException(f'{config.ssh_options} {config.timeout} {config.par2_redundancy}')\n"
        "backend.register_backend('told', tell)\n"
    )
    stated = {"duplicity": {"ssh_options": "-oPort=7", "connection_timeout": 12}}
    with pytest.raises(RepositoryError, match="-oPort=7 12 10"):
        open_store("duplicity+told:///x", stated=stated)
    with pytest.raises(UsageError, match="ssh_option"):
        open_store("duplicity+told:///x", stated={"duplicity": {"ssh_option": "x"}})
