"""Google's store, against an emulator, which is slow: what stores much is among the tests with servers."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests import gcs_server
from tests.backend_contract import BackendContract
from tests.gcs_server import Gcs
from tests.living import live
from tests.plugins.backends.objects.front import Answer, Request, error

from yester.engine.errors import Denied, Exists, MissingRepository, RepositoryError, StoreError, UsageError
from yester.engine.store import Store
from yester.plugins.backends.registry import open_store

PACK = f"data.{'ab' * 32}"


@pytest.fixture(scope="module")
def server() -> Iterator[Gcs]:
    with gcs_server.running() as server:
        yield server


@pytest.fixture
def gcs(server: Gcs, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gcs]:
    """The server, with a token for it and nothing of what a test before has asked of it."""
    monkeypatch.setenv("YESTER_GS_ENDPOINT", f"http://127.0.0.1:{server.port}")
    monkeypatch.setenv("YESTER_GS_TOKEN", "a-token")
    server.front.asked.clear()
    yield server
    server.front.rules.clear()


@pytest.fixture
def url(gcs: Gcs) -> str:
    return f"gs://{gcs.bucket()}/some/prefix"


@pytest.fixture
def once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YESTER_GS_TRIES", "1")


@pytest.mark.servers
class TestGoogleStore(BackendContract):
    MANY = 1_050

    @pytest.fixture
    def store(self, url: str) -> Iterator[Store]:
        opened = open_store(url, create=True)
        yield opened
        opened.close()


@pytest.mark.servers
def test_a_repository_lives_there(url: str, folder: Path, tmp_path: Path, fuse: None) -> None:
    looking = open_store(url, create=True)
    live(url, folder, tmp_path, lambda: set(looking.list("data.")))


def test_a_condition_goes_along_and_is_tried(gcs: Gcs, url: str) -> None:
    store = open_store(url, create=True)
    store.put("key.1", [b"x"], if_absent=True)
    asked = [request for request in gcs.front.asked if request.method == "PUT"]
    assert [request.headers.get("x-goog-if-generation-match") for request in asked] == ["0", "0"]
    assert store.capabilities.if_absent


def test_a_server_that_heeds_none_is_not_believed(gcs: Gcs, url: str) -> None:
    def heedless(request: Request) -> None:
        request.headers.pop("x-goog-if-generation-match", None)

    gcs.front.rules.append(heedless)
    store = open_store(url, create=True)
    store.put("key.1", [b"x"], if_absent=True)
    assert not store.capabilities.if_absent
    with pytest.raises(Exists):
        store.put("key.1", [b"y"], if_absent=True)
    assert store.get("key.1") == b"x"


def test_classes_go_along(gcs: Gcs, url: str) -> None:
    store = open_store(url, create=True, stated={"gs": {"data_class": "NEARLINE"}})
    store.put("data.1", [b"x"])
    store.put("meta.1", [b"x"])
    sent = [request.headers.get("x-goog-storage-class") for request in gcs.front.asked if request.method == "PUT"]
    assert sent == ["NEARLINE", None]


def test_large_objects_go_in_one_request(gcs: Gcs, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yester.plugins.backends.objects.client.WHOLE_SIZE", 1 << 20)
    store = open_store(url, create=True)
    store.put(PACK, [bytes(6 << 20)])
    assert [request.method for request in gcs.front.asked].count("PUT") == 1
    assert store.query(PACK) == 6 << 20


# Who asks


def tokens(gcs: Gcs) -> set[str]:
    return {request.headers.get("authorization", "") for request in gcs.front.asked}


def test_a_token_comes_from_a_command(gcs: Gcs, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("YESTER_GS_TOKEN")
    monkeypatch.setenv("YESTER_GS_TOKEN_COMMAND", "echo told")
    open_store(url, create=True)
    assert tokens(gcs) == {"Bearer told"}


def credentials(path: Path, kind: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"type": kind, "hush": "hushhush"}))
    return path


def program(folder: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    """Put a gcloud before all others."""
    folder.mkdir(exist_ok=True)
    (folder / "gcloud").write_text(f"#!/bin/sh\n{body}\n")
    (folder / "gcloud").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_what_the_library_does_not_read_is_gclouds_business(
    gcs: Gcs, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("YESTER_GS_TOKEN")
    path = credentials(tmp_path / "workload.json", "external_account")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    program(
        tmp_path / "bin",
        monkeypatch,
        'test "$*" = "auth application-default print-access-token" && echo exchanged',
    )
    open_store(url, create=True)
    assert tokens(gcs) == {"Bearer exchanged"}
    program(tmp_path / "bin", monkeypatch, "echo 'ERROR: log in again' >&2; exit 1")
    with pytest.raises(RepositoryError, match="gcloud gives no credentials: ERROR: log in again") as caught:
        open_store(url, create=True)
    assert "print-access-token" in caught.value.hint
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(RepositoryError, match="need the program gcloud, which is not installed"):
        open_store(url, create=True)


def test_a_login_of_gcloud_is_found(gcs: Gcs, url: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which the library reads itself: here it is one that cannot be exchanged, so nothing leaves this machine."""
    monkeypatch.delenv("YESTER_GS_TOKEN")
    credentials(home / ".config/gcloud/application_default_credentials.json", "authorized_user")
    with pytest.raises(RepositoryError, match="takes no such settings or credentials") as caught:
        open_store(url, create=True)
    assert "hush" not in caught.value.what


@pytest.mark.parametrize("text", ["", "[]", '{"type"', "{}"])
def test_a_file_that_holds_none_is_said(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.delenv("YESTER_GS_TOKEN")
    (tmp_path / "key.json").write_text(text)
    for place in ("YESTER_GS_SERVICE_ACCOUNT", "GOOGLE_APPLICATION_CREDENTIALS"):
        with monkeypatch.context() as patch:
            patch.setenv(place, str(tmp_path / "key.json"))
            with pytest.raises(UsageError, match=r"key\.json holds no credentials"):
                open_store(url, create=True)
            patch.setenv(place, str(tmp_path / "none.json"))
            with pytest.raises(UsageError, match=r"none\.json cannot be read: No such file"):
                open_store(url, create=True)


# What it says


def test_no_such_bucket_is_said_with_what_makes_it(gcs: Gcs) -> None:
    with pytest.raises(MissingRepository, match="there is no bucket nowhere") as caught:
        open_store("gs://nowhere/r", create=True)
    assert caught.value.hint.endswith("gcloud storage buckets create gs://nowhere")


@pytest.mark.usefixtures("once")
@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (error(401, "AuthenticationRequired", "Authentication required."), Denied, "does not accept these"),
        (error(403, "AccessDenied", "Access denied."), Denied, "Access denied"),
        (error(403, "UserProjectAccountProblem", "Billing is off."), Denied, "Billing is off"),
        (Answer(401, b'{"error": "invalid"}'), Denied, "it answered 401"),
    ],
)
def test_says_why(gcs: Gcs, url: str, answer: Answer, kind: type[StoreError], words: str) -> None:
    store = open_store(url, create=True)
    gcs.front.refuse(answer)
    with pytest.raises(kind, match=words) as caught:
        store.put(PACK, [b"x"])
    assert caught.value.hint
    with pytest.raises(RepositoryError, match=words):
        open_store(url)


def test_no_token_is_kept_or_shown(gcs: Gcs, url: str) -> None:
    gcs.front.refuse(error(401, "AuthenticationRequired"))
    with pytest.raises(RepositoryError) as caught:
        open_store(url)
    assert "a-token" not in caught.value.what + caught.value.hint
    with pytest.raises(UsageError, match="is a secret"):
        open_store(url, stated={"gs": {"token": "hush"}})
