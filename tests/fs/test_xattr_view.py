"""Extended attributes as the mount shows them."""

import struct

from yester.engine.entries import Entry, Mark, Owner, Ref
from yester.engine.ids import BlobId
from yester.engine.restore.ownership import OwnerMode
from yester.fs.xattr_view import ACCESS_ACL, hidden_value, shown_value

ENTRY = Entry(
    name=b"f",
    mode=0o100000,
    owner=Owner(0, 0),
    size=3,
    mtime_ns=0,
    ctime_ns=0,
    birth_ns=-5,
    marks=Mark.CHANGED | Mark.ATTRIBUTES_UNREADABLE | Mark.LIST,
    refs=(Ref(BlobId(b"\1" * 32), 3),),
    flags=0x40,
)
ACL = struct.pack("<I", 2) + struct.pack("<HHI", 1, 0, 0xFFFFFFFF) + struct.pack("<HHI", 2, 6, 1000)


def test_hidden_attributes_tell_what_stat_cannot() -> None:
    assert hidden_value(ENTRY, b"user.yester.birth") == b"-5"
    assert hidden_value(ENTRY, b"user.yester.flags") == b"0x40"
    assert hidden_value(ENTRY, b"user.yester.marks") == b"changed attributes-unreadable"
    assert hidden_value(ENTRY, b"user.yester.blob") == b"01" * 32


def test_there_are_no_others() -> None:
    assert hidden_value(ENTRY, b"user.yester.nothing") is None


def test_acls_are_as_stored() -> None:
    assert shown_value(ACCESS_ACL, ACL, OwnerMode.AS_STORED, 0o100000) == ACL


def test_with_me_the_owner_of_a_file_may_read_and_of_a_folder_enter() -> None:
    file = shown_value(ACCESS_ACL, ACL, OwnerMode.ME, 0o100000)
    folder = shown_value(ACCESS_ACL, ACL, OwnerMode.ME, 0o040000)
    assert struct.unpack_from("<HHI", file, 4)[1] == 4 and struct.unpack_from("<HHI", folder, 4)[1] == 5
    assert file[12:] == folder[12:] == ACL[12:]


def test_with_me_other_attributes_are_as_stored() -> None:
    assert shown_value(b"user.x", ACL, OwnerMode.ME, 0o100000) == ACL
