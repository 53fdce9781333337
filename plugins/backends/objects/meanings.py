"""What an object store's failures mean. Pure.

obstore has one text for each: what was asked, the status, the server's own XML, and after that what the libraries below
it say. Status, the server's code and its message are taken from there, and nothing else is shown: the rest has
addresses and headers in it.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, and the like of Google and Azure.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape

from yester.engine.errors import Broken, Denied, Exists, Full, Missing, Offline, Retry, StoreError

_STATUS = re.compile(r"non-2xx status code: (\d{3})")
_CODE = re.compile(r"<Code>([^<]{1,80})</Code>")
_MESSAGE = re.compile(r"<Message>([^<]{1,2000})</Message>")
_REGION = re.compile(r"<Region>([a-z0-9-]{1,40})</Region>")
_SHOWN = 200

RIGHTS = "Check what these credentials may do there: read, write, list and delete below this prefix."
_ROOM = "Make room there, or raise the quota, then run the command again: what was stored so far is used."
_CLOCK = "Set this machine's clock: requests are signed with the time."
_KEYS = "Check the credentials: which are used, docs/backends.md says."
_LOGIN = "Log in again, or renew the token, then run the command again: what was stored so far is used."
_REGION_HINT = "Name the bucket's own: AWS_REGION, or region in [backends.s3]."
_ACCOUNT = "The provider's pages say what is wrong with the account."
_RECALL = "It lies in a class that has to be restored first, which may take hours."
_TRUST = "Where an authority of your own signs: name its file as ca_file, docs/backends.md says where."
_NETWORK = "Check the network, and the server's name and port."


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a failure is to a store, in words that go on after a colon."""

    error: type[StoreError]
    words: str = ""
    """Empty: what the server says."""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """What obstore said of a call that failed."""

    status: int = 0
    code: str = ""
    region: str = ""
    """Where the bucket is, when the server says that it is elsewhere."""
    meaning: Meaning = Meaning(Retry)

    @property
    def is_missing_bucket(self) -> bool:
        """Whether not the object is missing, but all of the store."""
        return self.code in _NO_BUCKET


UNLISTABLE = Failure(
    code="//",
    meaning=Meaning(
        Broken,
        "a key with // in its name lies among the repository's",
        "Move or delete it: your provider's pages show it.",
    ),
)
"""The library gives up a list in which there is such a key: not what it says, but what is known of it."""

UNUSABLE = Failure(
    meaning=Meaning(
        Denied,
        "the library takes no such settings or credentials",
        "Check the endpoint, the certificates and the credentials: which are used, docs/backends.md says.",
    )
)
"""What the library says here may repeat a piece of a secret."""

_NO_BUCKET = ("NoSuchBucket", "ContainerNotFound")
_RETRY = Meaning(Retry)
_DENIED = Meaning(Denied, hint=RIGHTS)
_EXPIRED = Meaning(Denied, "the credentials have expired", _LOGIN)
_ELSEWHERE = Meaning(Denied, "the bucket is in another region", _REGION_HINT)
_SKEWED = Meaning(Denied, "the clocks of this machine and of the server differ", _CLOCK)
_FULL = Meaning(Full, "no room is left", _ROOM)
_OFFLINE = Meaning(Offline, "it is in cold storage", _RECALL)
_UNKNOWN = Meaning(Denied, "it does not accept these credentials", _KEYS)
_CLASS = Meaning(Denied, "it knows no such storage class", "Check storage_class and data_class.")

CODES: Mapping[str, Meaning] = {
    **dict.fromkeys(_NO_BUCKET, Meaning(Broken, "there is no such bucket", "Was it deleted, or renamed?")),
    **dict.fromkeys(("NoSuchKey", "BlobNotFound", "ResourceNotFound"), Meaning(Missing)),
    **dict.fromkeys(("PreconditionFailed", "BlobAlreadyExists", "ConditionNotMet"), Meaning(Exists)),
    **dict.fromkeys(("ConditionalRequestConflict", "OperationAborted"), _RETRY),
    **dict.fromkeys(("AccessDenied", "AllAccessDisabled", "MethodNotAllowed", "AuthorizationFailure"), _DENIED),
    **dict.fromkeys(("AuthorizationPermissionMismatch", "InsufficientAccountPermissions"), _DENIED),
    "InvalidAccessKeyId": Meaning(Denied, "it does not know this access key", _KEYS),
    "SignatureDoesNotMatch": Meaning(Denied, "the secret key is not the access key's", _KEYS),
    **dict.fromkeys(("AuthenticationFailed", "InvalidAuthenticationInfo", "NoAuthenticationInformation"), _UNKNOWN),
    **dict.fromkeys(("AuthenticationRequired", "InvalidSecurity"), _UNKNOWN),
    **dict.fromkeys(("InvalidIdentityToken", "IDPRejectedClaim"), _UNKNOWN),
    **dict.fromkeys(("AccountIsDisabled", "UserProjectAccountProblem"), Meaning(Denied, hint=_ACCOUNT)),
    **dict.fromkeys(("ExpiredToken", "TokenRefreshRequired", "InvalidToken", "ExpiredTokenException"), _EXPIRED),
    **dict.fromkeys(("RequestTimeTooSkewed", "RequestExpired"), _SKEWED),
    **dict.fromkeys(("AuthorizationHeaderMalformed", "PermanentRedirect", "TemporaryRedirect"), _ELSEWHERE),
    **dict.fromkeys(("IllegalLocationConstraintException", "IncorrectEndpoint"), _ELSEWHERE),
    **dict.fromkeys(("SlowDown", "ServerBusy", "TooManyRequests", "Throttling", "ThrottlingException"), _RETRY),
    **dict.fromkeys(("RequestTimeout", "OperationTimedOut", "InternalError", "ContainerBeingDeleted"), _RETRY),
    **dict.fromkeys(("QuotaExceeded", "XMinioStorageFull", "StorageFull", "AccountLimitExceeded"), _FULL),
    **dict.fromkeys(("InsufficientCapacity", "storageQuotaExceeded", "TooManyBuckets"), _FULL),
    **dict.fromkeys(("InvalidObjectState", "BlobArchived", "BlobBeingRehydrated"), _OFFLINE),
    **dict.fromkeys(("InvalidStorageClass", "InvalidBlobTier", "InvalidHeaderValue"), _CLASS),
}
"""What servers say in words of their own."""

_STATUSES: Mapping[int, Meaning] = {
    **dict.fromkeys((301, 302, 307, 308), _ELSEWHERE),
    400: Meaning(Denied, hint=_KEYS),
    **dict.fromkeys((401, 403, 405), _DENIED),
    404: Meaning(Missing),
    **dict.fromkeys((408, 409, 429), _RETRY),
    412: Meaning(Exists),
    416: Meaning(Broken),
    501: Meaning(Broken, "it does not know such a request"),
    507: _FULL,
}
"""What is left to say where the server gives no code, as after a HEAD. Others from 500 on are for now."""

_NO_KEYS = Meaning(Denied, "there are no credentials", _KEYS)
NO_CREDENTIALS = Failure(meaning=_NO_KEYS)
"""Nobody has said who asks, and the machine has no role."""
_BAD_LOGIN = Meaning(Denied, "the credentials are not accepted where they are exchanged", _LOGIN)
_CREDENTIALS: tuple[tuple[str, Meaning], ...] = (
    ("External AWS credential provider", Meaning(Denied, "the credentials could not be renewed", _LOGIN)),
    ("/latest/api/token", _NO_KEYS),
    ("/latest/meta-data/", _NO_KEYS),
    ("//169.254.170.2/", _NO_KEYS),
    ("/computeMetadata/", _NO_KEYS),
    ("/metadata/identity/", _NO_KEYS),
    ("Error performing token request", _BAD_LOGIN),
    ("AssumeRoleWithWebIdentity", _BAD_LOGIN),
    ("az account get-access-token", Meaning(Denied, "az gives no token", "Log in: az login.")),
)
"""A piece of the text, and what it means, where not the store was asked but who knows its keys; the first that fits."""

_TRUSTED = Meaning(Denied, "its certificate is not trusted", _TRUST)
_TRANSPORT: tuple[tuple[str, Meaning], ...] = (
    ("invalid peer certificate", _TRUSTED),
    ("InvalidCertificate", _TRUSTED),
    ("InvalidContentType", Meaning(Denied, "it does not speak TLS", "Is it http:// that it speaks?")),
    ("dns error", Meaning(Retry, "no address is known for the server", _NETWORK)),
    ("ConnectionRefused", Meaning(Retry, "nothing answers at the server's port", _NETWORK)),
    ("kind: Timeout", Meaning(Retry, "the server has not answered in time", _NETWORK)),
    ("without LOCATION", _ELSEWHERE),
)
"""The same where no server has answered."""

_SHORT = "Wanted range starting at"
"""What the library says when the server gave nothing for a range that begins behind the end."""
_LATE = "Signature not valid in the specified time frame"
"""How Azure says that a shared access signature has expired."""


def failure_of(text: str) -> Failure:
    """Return what obstore's text of a failure means."""
    keys = _first_fitting(_CREDENTIALS, text)
    if keys:
        return NO_CREDENTIALS if keys is _NO_KEYS else Failure(meaning=keys)
    if _SHORT in text:
        return Failure(416, meaning=_STATUSES[416])
    status = _STATUS.search(text)
    if status is None:
        return Failure(meaning=_first_fitting(_TRANSPORT, text) or Meaning(Retry, "the connection was lost", _NETWORK))
    code, region = _CODE.search(text), _REGION.search(text)
    named, number = unescape(code[1]).strip() if code else "", int(status[1])
    if _LATE in text:
        return Failure(number, named, meaning=_EXPIRED)
    meaning = CODES.get(named) or _STATUSES.get(number) or (_RETRY if number >= 500 else Meaning(Broken))
    return Failure(number, named, region[1] if region else "", _worded(meaning, text, named, number))


def _first_fitting(table: tuple[tuple[str, Meaning], ...], text: str) -> Meaning | None:
    return next((meaning for piece, meaning in table if piece in text), None)


def _worded(meaning: Meaning, text: str, code: str, status: int) -> Meaning:
    if meaning.words:
        return meaning
    message = _MESSAGE.search(text)
    texts = (unescape(message[1]).partition("RequestId:")[0] if message else "", code, f"it answered {status}")
    return Meaning(meaning.error, next(filter(None, map(_shown, texts))), meaning.hint)


def _shown(text: str) -> str:
    said = " ".join(text.split())[:_SHOWN].rstrip(". ")
    return "".join(each for each in said if each.isprintable())
