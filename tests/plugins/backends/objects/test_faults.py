"""What servers answer when something is wrong, through the library, to the sentence that a person reads."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.certificates import make_certificates
from tests.moto_server import Moto
from tests.plugins.backends.objects.front import Answer, Front, Request, error, running

from yester.engine.errors import (
    Broken,
    Denied,
    Exists,
    Full,
    MissingRepository,
    Offline,
    RepositoryError,
    Retry,
    StoreError,
    UsageError,
)
from yester.engine.store import Readiness, Store
from yester.plugins.backends.objects import client
from yester.plugins.backends.registry import open_store

PACK = f"data.{'ab' * 32}"

NOTHING = b"<ListBucketResult></ListBucketResult>"


@pytest.fixture
def front(moto: Moto, keys: None) -> Iterator[Front]:
    with running(moto.port) as front:
        yield front


@pytest.fixture
def url(moto: Moto, front: Front) -> str:
    return f"s3+http://127.0.0.1:{front.port}/{moto.bucket()}/r"


@pytest.fixture
def store(url: str, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store that is tried once."""
    monkeypatch.setenv("YESTER_S3_TRIES", "1")
    return open_store(url, create=True)


ANSWERS = [
    (error(400, "ExpiredToken", "The provided token has expired."), Denied, "have expired", "Log in again"),
    (error(403, "InvalidAccessKeyId", "No such key"), Denied, "does not know this access key", "credentials"),
    (error(403, "SignatureDoesNotMatch", "…"), Denied, "secret key is not the access key's", "credentials"),
    (error(403, "AccessDenied", "Access Denied."), Denied, "Access Denied", "may do there"),
    (error(403, "RequestTimeTooSkewed", "The difference…"), Denied, "clocks", "Set this machine's clock"),
    (error(503, "SlowDown", "Please reduce your request rate."), Retry, "Please reduce your request rate", ""),
    (error(429, "TooManyRequests", ""), Retry, "TooManyRequests", ""),
    (error(500, "InternalError", "We encountered an internal error."), Retry, "internal error", ""),
    (error(403, "QuotaExceeded", ""), Full, "no room is left", "Make room"),
    (error(507, "XMinioStorageFull", ""), Full, "no room is left", "Make room"),
    (error(400, "InvalidStorageClass", ""), Denied, "no such storage class", "storage_class"),
    (error(404, "NoSuchBucket", ""), Broken, "no such bucket", "deleted"),
    (error(405, "MethodNotAllowed", "Read only"), Denied, "Read only", "may do there"),
    (Answer(502, b"<html>Bad Gateway</html>"), Retry, "it answered 502", ""),
    (Answer(501), Broken, "does not know such a request", ""),
    (error(418, "Teapot", "&lt;b&gt;\x1b[31m short\n and stout " + "x" * 999), Broken, "short and stout", ""),
]


@pytest.mark.parametrize(("answer", "kind", "words", "hint"), ANSWERS)
def test_says_why_nothing_could_be_stored(
    store: Store, front: Front, answer: Answer, kind: type[StoreError], words: str, hint: str
) -> None:
    front.refuse(answer)
    with pytest.raises(kind) as caught:
        store.put(PACK, [b"x"])
    assert type(caught.value) is kind
    assert caught.value.name == PACK
    assert caught.value.what.startswith(f"{PACK} in {store.place} could not be written: ")
    assert words in caught.value.what
    assert hint in caught.value.hint
    assert len(caught.value.what) < 500
    assert caught.value.what.isprintable()


def test_an_object_in_cold_storage_is_offline(store: Store, front: Front) -> None:
    store.put(PACK, [b"x"])
    front.refuse(error(403, "InvalidObjectState", "The operation is not valid for the object's storage class"))
    for ask in (store.get, lambda name: store.get_range(name, 0, 1)):
        with pytest.raises(Offline, match="cold storage"):
            ask(PACK)


def test_a_body_that_breaks_off_is_for_now(store: Store, front: Front) -> None:
    store.put(PACK, [bytes(1000)])
    front.refuse(
        Answer(200, bytes(1000), {"ETag": '"x"', "Last-Modified": "Sat, 21 Nov 2026 05:00:00 GMT"}, 500), "GET"
    )
    for ask in (store.get, lambda name: store.get_range(name, 0, 1000)):
        with pytest.raises(Retry):
            ask(PACK)


def test_a_server_that_is_away_is_for_now(store: Store, front: Front) -> None:
    """The words depend on whether a connection that is kept is seen to have ended before it is used again."""
    front.stop()
    with pytest.raises(Retry, match=r"nothing answers at the server's port|the connection was lost"):
        store.get(PACK)


def test_what_stands_still_is_given_up(keys: None, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()

    def stall(request: Request) -> Answer:
        if PACK in request.path:
            go_on.wait(60)
        return error(404, "NoSuchKey") if "list-type" not in request.path else Answer(200, NOTHING)

    monkeypatch.setenv("YESTER_S3_TRIES", "1")
    monkeypatch.setattr(client, "LEAST_RATE", 1 << 30)
    monkeypatch.setenv("YESTER_S3_TIMEOUT", "2s")
    with running(0, stall) as front:
        store = open_store(f"s3+http://127.0.0.1:{front.port}/bucket", create=True)
        asks: list[Callable[[], object]] = [lambda: store.get(PACK), lambda: store.put(PACK, [b"x"])]
        try:
            with ThreadPoolExecutor(2) as pool:
                for asked in [pool.submit(ask) for ask in asks]:
                    with pytest.raises(Retry, match="has not answered in time"):
                        asked.result()
        finally:
            go_on.set()


# A server that does not heed conditions


def heedless(request: Request) -> None:
    request.headers = {name: value for name, value in request.headers.items() if name.lower() != "if-none-match"}


def test_a_server_that_overwrites_is_not_believed(store: Store, front: Front) -> None:
    front.rules.append(heedless)
    store.put("config", [b"first"])
    with pytest.raises(Exists):
        store.put("config", [b"second"], if_absent=True)
    store.put("key.1", [b"new"], if_absent=True)
    assert not store.capabilities.if_absent
    with pytest.raises(Exists):
        store.put("key.1", [b"newer"], if_absent=True)
    assert (store.get("config"), store.get("key.1")) == (b"first", b"new")


def test_a_server_that_knows_no_conditions_serves_all_the_same(store: Store, front: Front) -> None:
    def ignorant(request: Request) -> Answer | None:
        conditions = [name for name in request.headers if name.lower() == "if-none-match"]
        return error(501, "NotImplemented", "A header implies what is not implemented") if conditions else None

    front.rules.append(ignorant)
    store.put("key.1", [b"new"], if_absent=True)
    assert not store.capabilities.if_absent
    store.put("key.2", [b"new"], if_absent=True)
    for name in ("key.1", "key.2"):
        with pytest.raises(Exists):
            store.put(name, [b"newer"], if_absent=True)
        assert store.get(name) == b"new"


def test_one_that_heeds_is_looked_at_only_once(store: Store, front: Front) -> None:
    store.put("key.1", [b"x"], if_absent=True)
    front.asked.clear()
    store.put("key.2", [b"x"], if_absent=True)
    assert [request.method for request in front.asked] == ["PUT", "HEAD"]
    assert store.capabilities.if_absent


def test_two_that_were_both_refused_try_again(store: Store, front: Front) -> None:
    store.put("key.1", [b"x"], if_absent=True)
    front.refuse(error(409, "ConditionalRequestConflict", "A conflicting operation occurred"), "PUT")
    with pytest.raises(Retry):
        store.put("key.2", [b"x"], if_absent=True)


# Opening


def test_no_such_bucket_is_said_with_what_makes_it(moto: Moto, keys: None) -> None:
    for create in (True, False):
        with pytest.raises(MissingRepository, match="there is no bucket no-such-bucket") as caught:
            open_store(f"s3+http://127.0.0.1:{moto.port}/no-such-bucket/r", create=create)
        assert caught.value.hint.endswith(f"aws s3 mb s3://no-such-bucket --endpoint-url {moto.endpoint}")


def test_nothing_there_is_said_with_what_makes_it(url: str) -> None:
    with pytest.raises(MissingRepository, match="is empty") as caught:
        open_store(url)
    assert caught.value.hint.endswith(f"yester init {url}")


def test_a_repository_goes_beside_other_things_but_not_among_them(moto: Moto, url: str) -> None:
    bucket = url.split("/")[3]
    moto.request("PUT", f"/{bucket}/photos/1.jpg", b"x")
    moto.request("PUT", f"/{bucket}/r2/config", b"another's")
    root = url.removesuffix("/r")
    with pytest.raises(RepositoryError, match=r"photos is among"):
        open_store(root, create=True)
    moto.request("PUT", f"/{bucket}/s/a%2F%2Fb", b"x")
    with pytest.raises(
        RepositoryError, match=r"holds other objects, and no repository: a key with two slashes in a row is among"
    ) as caught:
        open_store(root, create=True)
    assert caught.value.hint.endswith(f"{root}/yester")
    with pytest.raises(RepositoryError, match="holds other objects"):
        open_store(root)
    store = open_store(url, create=True)
    store.put("config", [b"x"])
    assert list(store.list()) == ["config"]
    assert list(open_store(url).list()) == ["config"]


def test_a_folder_marker_is_no_object(moto: Moto, url: str) -> None:
    """The providers' pages make a key that ends in a slash when somebody makes a "folder" there."""
    bucket = url.split("/")[3]
    moto.request("PUT", f"/{bucket}/r/", b"")
    store = open_store(url, create=True)
    moto.request("PUT", f"/{bucket}/r/data/", b"")
    store.put(PACK, [b"x"])
    assert list(store.list()) == list(store.list("data.")) == [PACK]


def test_passes_over_what_is_no_object(moto: Moto, store: Store, url: str) -> None:
    store.put(PACK, [b"x"])
    bucket = url.split("/")[3]
    for foreign in ("note", "data/note", f"data/cd/{PACK}", "snap/SNAP.1", "snap/a/snap.1", "photos/1.jpg", "snap.1"):
        moto.request("PUT", f"/{bucket}/r/{foreign}", b"foreign")
    for prefix in ("", "data.", "data.ab", "d"):
        assert list(store.list(prefix)) == [PACK]
    assert list(store.list("snap.")) == list(store.list("s")) == []


def test_goes_to_the_region_that_the_server_names(moto: Moto, front: Front, url: str) -> None:
    def elsewhere(request: Request) -> Answer | None:
        if "/eu-central-1/s3/" in request.headers.get("authorization", ""):
            return None
        return error(400, "AuthorizationHeaderMalformed", "the region is wrong", Region="eu-central-1")

    front.rules.append(elsewhere)
    store = open_store(url, create=True)
    store.put(PACK, [b"x"])
    assert store.get(PACK) == b"x"


def test_a_region_that_is_not_named_is_asked_for(front: Front, url: str) -> None:
    front.refuse(error(301, "PermanentRedirect", "The bucket must be addressed using the specified endpoint"))
    with pytest.raises(RepositoryError, match="is in another region") as caught:
        open_store(url)
    assert "AWS_REGION" in caught.value.hint


@pytest.mark.parametrize(("answer", "words"), [(each[0], each[2]) for each in ANSWERS if each[1] is Denied])
def test_what_is_refused_at_once_has_the_code_of_a_repository(
    front: Front, url: str, answer: Answer, words: str
) -> None:
    front.refuse(answer)
    with pytest.raises(RepositoryError) as caught:
        open_store(url)
    assert caught.value.exit_code == 6
    assert words in caught.value.what
    assert url in caught.value.what


def test_a_server_that_is_not_there(keys: None) -> None:
    with pytest.raises(RepositoryError, match="nothing answers at the server's port") as caught:
        open_store("s3+http://127.0.0.1:1/bucket/r")
    assert "network" in caught.value.hint
    with pytest.raises(RepositoryError, match="no address is known"):
        open_store("s3+http://no-such-host.invalid/bucket/r")


def test_what_speaks_no_s3(front: Front, url: str) -> None:
    front.refuse(Answer(404, b"<html>Not Found</html>"))
    with pytest.raises(RepositoryError, match=r"The bucket in .* could not be used: it answered 404") as caught:
        open_store(url, create=True)
    assert "S3 which is spoken" in caught.value.hint


def test_a_wrong_option_is_named(url: str) -> None:
    for stated in ({"endpont": "x"}, {"addressing": "sideways"}, {"endpoint": "nas:9000"}, {"group_classes": ["cold"]}):
        with pytest.raises(UsageError):
            open_store("s3://bucket/r", stated={"s3": stated})


def test_reads_no_object_into_memory_that_none_can_be(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put(PACK, [bytes(100)])
    monkeypatch.setattr("yester.plugins.backends.objects.store._MAX_OBJECT_SIZE", 99)
    with pytest.raises(Broken, match="larger than any"):
        store.get(PACK)


def test_large_objects_go_in_parts(store: Store, front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "WHOLE_SIZE", 6 << 20)
    monkeypatch.setattr(client, "PART_SIZE", 5 << 20)
    content = bytes(range(256)) * (11 << 12)
    store.put(PACK, [content[:1000], content[1000:]])
    assert [request.method for request in front.asked].count("PUT") == 3
    assert store.get(PACK) == content
    front.asked.clear()
    store.put("key.1", [content], if_absent=True)
    assert store.get("key.1") == content


def test_an_upload_in_parts_that_fails_leaves_no_object(
    store: Store, front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "WHOLE_SIZE", 6 << 20)
    monkeypatch.setattr(client, "PART_SIZE", 5 << 20)
    front.rules.append(lambda request: error(500, "InternalError") if "partNumber=2" in request.path else None)
    with pytest.raises(Retry):
        store.put(PACK, [bytes(11 << 20)])
    assert list(store.list()) == []


def test_classes_by_kind_and_group(moto: Moto, front: Front, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YESTER_S3_GROUP_CLASSES", "cold=GLACIER_IR")
    store = open_store(url, create=True, stated={"s3": {"storage_class": "STANDARD_IA", "data_class": "ONEZONE_IA"}})
    store.put("data.1", [b"x"])
    store.put("data.2", [b"x"], group="cold")
    store.put("data.3", [b"x"], group="warm")
    store.put("meta.1", [b"x"], group="cold")
    store.put("config", [b"x"], if_absent=True)
    sent = {
        request.path.rpartition("/")[2]: request.headers.get("x-amz-storage-class")
        for request in front.asked
        if request.method == "PUT"
    }
    assert sent == {
        "data.1": "ONEZONE_IA",
        "data.2": "GLACIER_IR",
        "data.3": "ONEZONE_IA",
        "meta.1": "STANDARD_IA",
        "config": "STANDARD_IA",
    }


# TLS


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    make_certificates(folder)
    return folder


def test_an_authority_of_ones_own(moto: Moto, keys: None, certificates: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(moto.port, certificate=certificates / "server.pem") as front:
        url = f"s3+https://127.0.0.1:{front.port}/{moto.bucket()}"
        with pytest.raises(RepositoryError, match="its certificate is not trusted") as caught:
            open_store(url, create=True)
        assert "ca_file" in caught.value.hint
        monkeypatch.setenv("YESTER_S3_CA_FILE", str(certificates / "authority.pem"))
        store = open_store(url, create=True)
        store.put(PACK, [b"x"])
        assert store.get(PACK) == b"x"
        front.asked.clear()
        assert store.prepare([PACK]) == {PACK: Readiness.READY}
        assert [request.method for request in front.asked].count("HEAD") == 1


def test_certificates_that_are_none(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")
    monkeypatch.setenv("YESTER_S3_CA_FILE", str(tmp_path / "ca.pem"))
    with pytest.raises(RepositoryError, match="takes no such settings") as caught:
        open_store(url, create=True)
    assert "certificates" in caught.value.hint
    monkeypatch.setenv("YESTER_S3_CA_FILE", str(tmp_path / "none.pem"))
    with pytest.raises(UsageError, match=r"none\.pem cannot be read"):
        open_store(url, create=True)


def test_a_server_without_tls(front: Front, url: str) -> None:
    with pytest.raises(RepositoryError, match="it does not speak TLS"):
        open_store(url.replace("s3+http:", "s3+https:"))
