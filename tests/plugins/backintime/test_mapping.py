"""What each event is in the words of Back In Time."""

import pytest

from yester.engine.events import (
    AppExit,
    AppStart,
    Error,
    ErrorCode,
    Event,
    File,
    Message,
    MountAfter,
    MountBefore,
    RunBegin,
    RunEnd,
    SnapshotNew,
    Unmount,
)
from yester.plugins.backintime.mapping import About, Call, DisplayOf, PathOf, SidOf, calls_of, herald, is_reversed

ABOUT = About("3", "docs")


@pytest.mark.parametrize(
    ("event", "calls"),
    [
        (AppStart(), [Call("appStart")]),
        (AppExit(), [Call("appExit")]),
        (MountBefore(), [Call("mount", ("3",))]),
        (Unmount(), [Call("unmount", ("3",))]),
        (RunBegin("r", "docs", ""), [Call("processBegin")]),
        (RunEnd("r", "complete"), [Call("processEnd")]),
        (SnapshotNew("ab", time_ns=7), [Call("newSnapshot", (SidOf(7), PathOf("ab", 7)))]),
        (SnapshotNew("ab", time_ns=7, partial=True), []),
        (Message(text="x"), [Call("message", ("3", "docs", 0, "x", -1))]),
        (Message(text="x", level="warning", timeout=9), [Call("message", ("3", "docs", 1, "x", 9))]),
        (Message(text="gone", level="error", path="/a"), [Call("message", ("3", "docs", 1, "/a: gone", -1))]),
        (Error(ErrorCode.NOT_CONFIGURED, "x"), [Call("error", (1, ""))]),
        (Error(ErrorCode.ALREADY_RUNNING, "x"), [Call("error", (2, ""))]),
        (Error(ErrorCode.TARGET_MISSING, "x"), [Call("error", (3, ""))]),
        (Error(ErrorCode.SNAPSHOT_EXISTS, "x", time_ns=7), [Call("error", (4, SidOf(7)))]),
        (Error(ErrorCode.FAILED, "x"), [Call("error", (5, "x"))]),
        (Error(ErrorCode.WITH_ERRORS, "x", time_ns=7), [Call("error", (6, DisplayOf(7)))]),
        (Error(ErrorCode.WITH_ERRORS, "x"), [Call("error", (5, "x"))]),
        (Error(ErrorCode.OTHER, "x"), [Call("error", (5, "x"))]),
        (MountAfter(), []),
        (File(change="new"), []),
    ],
)
def test_calls(event: Event, calls: list[Call]) -> None:
    assert calls_of(event, ABOUT) == calls


def test_a_repository_of_no_profile_is_not_mounted() -> None:
    assert calls_of(MountBefore(), About("", "")) == calls_of(Unmount(), About("", "")) == []


def test_directions() -> None:
    forward = (RunBegin, Error, SnapshotNew, Message)
    backward = (RunEnd, AppStart, AppExit, MountBefore, Unmount)
    assert [is_reversed(kind) for kind in forward] == [False] * 4
    assert [is_reversed(kind) for kind in backward] == [True] * 5
    assert is_reversed(File) is None


def test_a_message_goes_before_a_failure_and_no_other_error() -> None:
    failed = Error(ErrorCode.FAILED, "the disk is full", profile="docs")
    assert herald(failed) == Message(level="error", text="the disk is full", profile="docs")
    assert herald(Error(ErrorCode.TARGET_MISSING, "x")) is herald(RunEnd("r", "failed")) is None
