"""Key slots: the master key, wrapped once for each way to unlock (docs/format.md, section 3.2).

A person's passphrase and a recovery key both go through Argon2id. A slot of kind `none` holds the master key in clear:
the repository is then not encrypted, but is built and checked the same way.
"""

import base64
import os
import threading
from enum import StrEnum
from typing import Annotated, NamedTuple

import msgspec
from blake3 import blake3

from yester.engine.errors import DamageError, RepositoryError, UsageError
from yester.engine.sealed.clear import ClearKind, decode_clear, encode_clear
from yester.engine.sealed.keys import KEY_SIZE, MasterKey, PublicMaster

_CONTEXT = b"yester v1 slot"
_PUBLIC_CONTEXT = b"yester v1 public slot"
_NAME = "A key slot"
_MEMORY_KIB, _PASSES, _LANES = 65536, 3, 4
_MAX_MEMORY_KIB, _MAX_PASSES, _MAX_LANES = 4 << 20, 64, 64

_one_derivation = threading.Lock()
"""OpenSSL counts the threads of all derivations in a process together: two at once fail, or hang for good."""


class SlotKind(StrEnum):
    """Ways to unlock."""

    PASSPHRASE = "passphrase"
    RECOVERY = "recovery"
    NONE = "none"
    PUBLIC = "public"
    """Of a write-only client: it holds no secret of any epoch."""


class _Slot(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of a key slot."""

    kind: str
    label: str = ""
    created_ns: int = 0
    epoch: int = 1
    """The newest epoch that it has, in clear: of two slots that one secret opens, the newer is taken."""
    kdf: str = ""
    memory_kib: int = 0
    passes: int = 0
    lanes: int = 0
    salt: Annotated[bytes, msgspec.Meta(max_length=64)] = b""
    nonce: Annotated[bytes, msgspec.Meta(max_length=64)] = b""
    sealed: bytes = b""
    clear: bytes = b""


def new_slot(master: MasterKey, *, kind: str, secret: bytes | None, label: str, now_ns: int) -> bytes:
    """Return a whole new key object that `secret` opens (None for the kind `none`). Takes a seventh of a second."""
    body = _Slot(kind=SlotKind(kind), label=label, created_ns=now_ns, epoch=master.epochs[-1][0])
    if kind == SlotKind.NONE:
        slot = msgspec.structs.replace(body, clear=master.encode())
    elif not secret:
        raise UsageError("An empty passphrase protects nothing", hint="Give one, or use --no-encryption.")
    else:
        slot = _sealed(body, master, secret)
    return encode_clear(ClearKind.KEY, msgspec.msgpack.encode(slot))


def _sealed(body: _Slot, master: MasterKey, secret: bytes) -> _Slot:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    slot = msgspec.structs.replace(
        body,
        kdf="argon2id",
        memory_kib=_MEMORY_KIB,
        passes=_PASSES,
        lanes=_LANES,
        salt=os.urandom(16),
        nonce=os.urandom(12),
    )
    key = _derived(slot, secret)
    is_public = slot.kind == SlotKind.PUBLIC
    plain = (master.public() if is_public else master).encode()
    sealed = AESGCM(key).encrypt(slot.nonce, plain, _PUBLIC_CONTEXT if is_public else _CONTEXT)
    return msgspec.structs.replace(slot, sealed=sealed)


def _derived(slot: _Slot, secret: bytes) -> bytes:
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    derivation = Argon2id(
        salt=slot.salt, length=32, iterations=slot.passes, lanes=slot.lanes, memory_cost=slot.memory_kib
    )
    with _one_derivation:
        try:
            return derivation.derive(secret)
        except MemoryError:
            raise RepositoryError(
                f"Too little memory to derive the key: it takes {slot.memory_kib >> 10} MiB",
                hint="End other programs, or raise the memory limit.",
            ) from None


def slot_kind(data: bytes) -> str:
    """Return the kind of a key object, which may be one that this program does not know. Errors as in `open_slot`."""
    return _decode(data).kind


class SlotFacts(NamedTuple):
    """What a key slot says in clear."""

    kind: str
    label: str
    created_ns: int
    epoch: int


def slot_facts(data: bytes) -> SlotFacts:
    """Return what a key slot says in clear. Errors as in `open_slot`."""
    slot = _decode(data)
    return SlotFacts(slot.kind, slot.label, slot.created_ns, slot.epoch)


def slot_rank(data: bytes) -> tuple[int, int]:
    """Return by what slots are tried first, the highest: newest epoch, then newest. Broken ones come last."""
    try:
        facts = slot_facts(data)
    except (DamageError, RepositoryError):
        return (0, 0)
    return facts.epoch, facts.created_ns


def open_slot(data: bytes, secret: bytes | None) -> MasterKey | None:
    """Return the master key, or None when this secret does not open the slot.

    DamageError: the slot is broken. RepositoryError: a newer program made it.
    """
    slot = _decode(data)
    if slot.kind == SlotKind.NONE:
        return MasterKey.decode(slot.clear)
    if slot.kind not in tuple(SlotKind) or slot.kdf != "argon2id":
        raise RepositoryError(
            f"{_NAME} is of a kind that this program does not know: {slot.kind} {slot.kdf}",
            hint="Upgrade yester on this machine, or give the secret of another slot.",
        )
    if not _bearable(slot):
        raise DamageError(f"{_NAME} is damaged: the cost of its derivation cannot be")
    return None if secret is None else _opened(slot, secret)


def _bearable(slot: _Slot) -> bool:
    """Whether the derivation is one that Argon2id accepts and that does not exhaust this machine."""
    return (
        1 <= slot.passes <= _MAX_PASSES
        and 1 <= slot.lanes <= _MAX_LANES
        and 8 * slot.lanes <= slot.memory_kib <= _MAX_MEMORY_KIB
        and len(slot.salt) == 16
        and len(slot.nonce) == 12
    )


def _opened(slot: _Slot, secret: bytes) -> MasterKey | None:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    is_public = slot.kind == SlotKind.PUBLIC
    try:
        cipher = AESGCM(_derived(slot, secret))
        clear = cipher.decrypt(slot.nonce, slot.sealed, _PUBLIC_CONTEXT if is_public else _CONTEXT)
    except InvalidTag:
        return None
    return PublicMaster.decode(clear) if is_public else MasterKey.decode(clear)


def _decode(data: bytes) -> _Slot:
    try:
        return msgspec.msgpack.decode(decode_clear(ClearKind.KEY, data, _NAME), type=_Slot)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise DamageError(f"{_NAME} is damaged: {error}") from None


def new_recovery_key() -> str:
    """Return a fresh recovery key to be written down: 8 groups of base32 and a check group."""
    return _shown(os.urandom(KEY_SIZE))


def _shown(key: bytes) -> str:
    text = base64.b32encode(key).decode().rstrip("=")
    groups = [text[at : at + 7] for at in range(0, len(text), 7)]
    return "-".join([*groups, _check_group(key)])


def _check_group(key: bytes) -> str:
    return base64.b32encode(blake3(key, derive_key_context="yester v1 recovery check").digest())[:4].decode()


_LOOKALIKES = str.maketrans({"0": "O", "1": "I", "8": "B", "-": "", " ": "", "\t": "", "\n": ""})


def parse_recovery_key(text: str) -> bytes:
    """Return the 32 bytes of a recovery key; case, spaces and dashes do not matter. UsageError on a typing mistake."""
    text = text.upper().translate(_LOOKALIKES)
    body, check = text[:-4], text[-4:]
    try:
        key = base64.b32decode(body + "====")
    except ValueError:
        key = b""
    if len(body) != 52 or len(key) != KEY_SIZE or _shown(key).replace("-", "") != text or check != _check_group(key):
        raise UsageError("This is no recovery key, or one with a typing mistake", hint="Compare it with the paper.")
    return key
