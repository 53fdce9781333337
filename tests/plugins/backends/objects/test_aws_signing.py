"""Signatures as Amazon's own examples have them."""

from datetime import UTC, datetime

import pytest

from yester.plugins.backends.objects.aws_signing import Asked, Keys, signed

KEYS = Keys("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
HOST = "examplebucket.s3.amazonaws.com"
NOW = datetime(2013, 5, 24, tzinfo=UTC)


@pytest.mark.parametrize(
    ("asked", "signature"),
    [
        (
            Asked("GET", HOST, "/test.txt", headers={"Range": "bytes=0-9"}),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        (
            Asked("GET", HOST, "/", [("lifecycle", "")]),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
        ),
        (
            Asked("GET", HOST, "/", [("prefix", "J"), ("max-keys", "2")]),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ],
)
def test_signs_as_the_examples_do(asked: Asked, signature: str) -> None:
    headers = signed(asked, KEYS, "us-east-1", NOW)
    assert headers["authorization"].endswith(f"Signature={signature}")
    assert headers["x-amz-date"] == "20130524T000000Z"


def test_a_session_token_is_signed_too() -> None:
    headers = signed(Asked("GET", HOST, "/"), Keys("a", "b", "token"), "us-east-1", NOW)
    assert headers["x-amz-security-token"] == "token"
    assert "x-amz-security-token" in headers["authorization"]


def test_quotes_what_is_sent() -> None:
    assert Asked("GET", HOST, "/a b/ü+", [("k", "a/b c")]).target == "/a%20b/%C3%BC%2B?k=a%2Fb%20c"
