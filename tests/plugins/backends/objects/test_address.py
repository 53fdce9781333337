import pytest
from hypothesis import given
from hypothesis import strategies as st

from yester.engine.errors import UsageError
from yester.plugins.backends.objects.address import Address, parse


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("s3://bucket", Address("s3", "bucket")),
        ("s3://bucket/", Address("s3", "bucket")),
        ("S3://bucket/a/b/", Address("s3", "bucket", "a/b")),
        ("s3://my.bucket-1//a//b", Address("s3", "my.bucket-1", "a/b")),
        ("s3+https://ceph.example:8443/bucket/a", Address("s3", "bucket", "a", "https://ceph.example:8443")),
        ("s3+http://127.0.0.1:9000/bucket", Address("s3", "bucket", "", "http://127.0.0.1:9000")),
        ("s3+http://[::1]:9000/bucket/ü x", Address("s3", "bucket", "ü x", "http://[::1]:9000")),
        ("gs://bucket_1/a", Address("gs", "bucket_1", "a")),
        ("az://container/a", Address("az", "container", "a")),
    ],
)
def test_reads_urls(url: str, address: Address) -> None:
    assert parse(url, "") == address
    assert parse(str(address), "") == address


@pytest.mark.parametrize(
    ("url", "what", "hint"),
    [
        ("s3://", "names no bucket", "s3://bucket/prefix"),
        ("s3:///bucket/prefix", "names no bucket", "s3://bucket/prefix"),
        ("s3://b", "names no bucket", ""),
        ("s3://nas:9000/bucket/a", "cannot be the name of a bucket", "s3+https://nas:9000/bucket/a"),
        ("s3+https://nas", "names no bucket", "s3+https://host:port/bucket"),
        ("s3+https:///bucket", "names no server", "s3+https://host:port/bucket"),
        ("s3+http://nas:x/bucket", "names no server", ""),
        ("s3://bucket/a?region=eu", "question mark", "[backends.s3]"),
        ("s3://bucket/../a", "not every server takes", "safe"),
        ("s3://bucket/a%20b", "not every server takes", "safe"),
        ("s3://bucket/a\nb", "not every server takes", "safe"),
        ("s3://bucket/\udcff", "no text", ""),
        ("s3://bucket/" + "ä" * 500, "too long", ""),
        ("az://c", "names no container", "az://container/prefix"),
        ("az://account@container/a", "Credentials stand in", "Take them out"),
    ],
)
def test_says_what_is_wrong(url: str, what: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(url, "VARIABLES")
    assert what in caught.value.what
    assert hint in caught.value.hint


def test_does_not_repeat_a_secret() -> None:
    with pytest.raises(UsageError) as caught:
        parse("s3://AKIA:hushhush@bucket/prefix", "AWS_SECRET_ACCESS_KEY")
    assert "hush" not in caught.value.what + caught.value.hint
    assert "AWS_SECRET_ACCESS_KEY" in caught.value.hint


@given(st.text())
def test_anything_is_an_address_or_refused(text: str) -> None:
    try:
        address = parse(f"s3://{text}", "")
    except UsageError:
        return
    assert parse(str(address), "") == address
    assert address.path(address.key("data/ab/x")) == "data/ab/x"
