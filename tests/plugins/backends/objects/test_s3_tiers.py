"""Cold classes and unfinished uploads: against moto, which has both, and answers that it cannot give."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from tests.moto_server import Moto
from tests.plugins.backends.objects.front import Answer, Front, Request, error, running

from yester.engine.errors import Offline
from yester.engine.store import Readiness, Store
from yester.plugins.backends.registry import open_store

PACK = f"data.{'ab' * 32}"


@pytest.fixture
def front(moto: Moto, keys: None) -> Iterator[Front]:
    with running(moto.port) as front:
        yield front


@pytest.fixture
def bucket(moto: Moto) -> str:
    return moto.bucket()


@pytest.fixture
def store(front: Front, bucket: str) -> Store:
    stated = {"s3": {"data_class": "GLACIER", "restore_days": 3, "restore_tier": "Bulk"}}
    return open_store(f"s3+http://127.0.0.1:{front.port}/{bucket}/r", create=True, stated=stated)


def test_what_is_cold_is_restored(store: Store, front: Front) -> None:
    assert store.capabilities.tier
    store.put(PACK, [b"x"])
    store.put("meta.1", [b"x"])
    with pytest.raises(Offline):
        store.get(PACK)
    front.asked.clear()
    assert store.prepare([PACK, "meta.1"]) == {PACK: Readiness.PENDING, "meta.1": Readiness.READY}
    [asked] = [request for request in front.asked if request.method == "POST"]
    assert asked.path.endswith(f"{PACK}?restore=")
    assert b"<Days>3</Days>" in asked.body
    assert b"<Tier>Bulk</Tier>" in asked.body
    assert store.prepare([PACK]) == {PACK: Readiness.READY}
    assert store.get(PACK) == b"x"


def cold(restore: str = "") -> Answer:
    return Answer(
        200, headers={"x-amz-storage-class": "DEEP_ARCHIVE", **({"x-amz-restore": restore} if restore else {})}
    )


@pytest.mark.parametrize(
    ("head", "post", "readiness"),
    [
        (cold('ongoing-request="true"'), Answer(500), Readiness.PENDING),
        (cold('ongoing-request="false", expiry-date="Fri"'), Answer(500), Readiness.READY),
        (cold(), Answer(202), Readiness.PENDING),
        (cold(), Answer(200), Readiness.PENDING),
        (cold(), error(409, "RestoreAlreadyInProgress"), Readiness.PENDING),
        (cold(), error(503, "GlacierExpeditedRetrievalNotAvailable"), Readiness.FAILED),
        (cold(), error(403, "AccessDenied"), Readiness.FAILED),
        (Answer(200, headers={"x-amz-archive-status": "ARCHIVE_ACCESS"}), Answer(202), Readiness.PENDING),
        (Answer(200, headers={"x-amz-storage-class": "STANDARD_IA"}), Answer(500), Readiness.READY),
        (Answer(404), Answer(500), Readiness.READY),
        (Answer(503), Answer(500), Readiness.FAILED),
    ],
)
def test_says_how_far_a_restore_is(
    store: Store, front: Front, head: Answer, post: Answer, readiness: Readiness
) -> None:
    front.refuse(head, "HEAD")
    front.refuse(post, "POST")
    assert store.prepare([PACK]) == {PACK: readiness}


def uploads(moto: Moto, bucket: str) -> bytes:
    return moto.request("GET", f"/{bucket}?uploads")


def test_drops_uploads_that_nobody_ended_for_a_day(store: Store, front: Front, moto: Moto, bucket: str) -> None:
    key = f"r/data/ab/{PACK}"
    for name in (key, "r/note", "photos/1.jpg", f"r/data/cd/{PACK}"):
        moto.request("POST", f"/{bucket}/{name}?uploads")

    def young(request: Request) -> Answer | None:
        """Moto's uploads have all begun in 2010."""
        if request.method != "GET" or "uploads" not in request.path:
            return None
        answer = front.forward(request)
        begun = (datetime.now(UTC) - timedelta(hours=23)).strftime("<Initiated>%Y-%m-%dT%H:%M:%S.000Z<")
        return Answer(200, re.sub(rb"<Initiated>[^<]*<", begun.encode(), answer.body))

    front.rules.append(young)
    store.tidy()
    assert uploads(moto, bucket).count(b"<Upload>") == 4
    front.rules.clear()
    store.tidy()
    left = uploads(moto, bucket)
    assert left.count(b"<Upload>") == 3
    assert f"<Key>{key}<".encode() not in left


def test_tidies_page_by_page(store: Store, front: Front) -> None:
    begun = (datetime.now(UTC) - timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    dropped = []

    def page(number: int) -> bytes:
        upload = f"<Key>r/snap/snap.{number}</Key><UploadId>u{number}</UploadId><Initiated>{begun}</Initiated>"
        marks = f"<NextKeyMarker>r/snap/snap.{number}</NextKeyMarker><NextUploadIdMarker>u{number}</NextUploadIdMarker>"
        return f"<r><IsTruncated>{str(number < 3).lower()}</IsTruncated>{marks}<Upload>{upload}</Upload></r>".encode()

    def serve(request: Request) -> Answer | None:
        if request.method == "DELETE":
            dropped.append(request.path.partition("?")[2])
            return Answer(204)
        if "uploads" not in request.path:
            return None
        number = next((number for number in (2, 1) if f"upload-id-marker=u{number}" in request.path), 0) + 1
        return Answer(200, page(number))

    front.rules.append(serve)
    store.tidy()
    assert dropped == ["uploadId=u1", "uploadId=u2", "uploadId=u3"]


@pytest.mark.parametrize("answer", [Answer(503), error(403, "AccessDenied"), Answer(200, b"nonsense"), Answer(501)])
def test_a_server_that_lists_no_uploads_is_let_be(store: Store, front: Front, answer: Answer) -> None:
    front.refuse(answer, "GET")
    store.tidy()
    assert [request.method for request in front.asked][-1] == "GET"
