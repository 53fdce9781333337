"""What rclone's words mean when something fails: it has no codes for what its many backends say. Pure."""

import re

from yester.engine.errors import Broken, Denied, Full, Missing, Retry, StoreError

_LONGEST = 300

_ROOM = "Make room there, then run the command again: what was stored so far is used."
_LOGIN = "Try it by hand: rclone lsd REMOTE: — then rclone config reconnect REMOTE: or rclone config."

_MEANINGS: tuple[tuple[str, type[StoreError], str], ...] = (
    # rclone's own words for what its backends say in theirs; theirs may as well be about a file of its configuration.
    ("object not found|directory not found", Missing, ""),
    ("no ?such ?bucket|bucket does not exist", Denied, "Make the bucket, or check its name."),
    (
        "didn't find section in config|unknown type|not found in config",
        Denied,
        "`rclone listremotes` shows those it has.",
    ),
    ("no space left|remaining disk space|quota|insufficient ?storage|disk full|storage ?full|status ?507", Full, _ROOM),
    ("read-only file system", Denied, "Check there whether it is mounted read-only."),
    (
        r"unauthori[sz]ed|access ?denied|permission denied|forbidden|status ?40[13]|invalid_grant|token expired|"
        "couldn't fetch token|signaturedoesnotmatch|invalidaccesskeyid|unable to authenticate|"
        "key mismatch|knownhosts|certificate|not allowed to ask for password|couldn't decrypt",
        Denied,
        _LOGIN,
    ),
    # Said, besides, of a bucket whose server does not answer.
    ("is a file not a directory", Retry, "Is it a file? If not: can it be reached? Try rclone lsf with it."),
    ("is a directory|not a file|isn't a directory", Broken, ""),
)


def refusal(status: int, words: str, what: str, name: str = "") -> StoreError:
    """Return the error for an answer; `what` could not be done. What says nothing for good may be tried again."""
    said = "".join(sign if sign.isprintable() else " " for sign in words).strip()[:_LONGEST] or f"status {status}"
    for pattern, error, hint in _MEANINGS:
        if re.search(pattern, said, re.IGNORECASE):
            return error(f"{what}: {said}", name=name, hint=hint)
    if status == 404:
        return Missing(f"{what}: {said}", name=name)
    return Retry(f"{what}: {said}", name=name, hint="Try it by hand with rclone; its own log knows more with -vv.")
