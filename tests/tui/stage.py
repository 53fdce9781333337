"""Profiles, runs, snapshots and messages that tests and pictures show."""

from base64 import b64encode
from typing import Any

import msgspec
from tests.tui.fake import DAY_NS, HOUR_NS, MINUTE_NS, NOW_NS, FakeEngine, Item

from yester.engine.profiles.keys import KEYS
from yester.engine.profiles.reference import default_text
from yester.tui.state import preview
from yester.tui.state.entries import entry_panel
from yester.tui.state.pictures import Picture
from yester.tui.state.preview import Beginning, Compared, Preview
from yester.tui.state.text import line

RUNNING = "20261121T055800Z-0a4f"


def run(id: str, profile: str, ago_ns: int, state: str = "complete", **more: Any) -> dict[str, Any]:
    """Return a run as `runs.list` tells of it."""
    began = NOW_NS - ago_ns
    return {
        "run": id,
        "profile": profile,
        "state": state,
        "began_ns": began,
        "ended_ns": began + 8 * MINUTE_NS,
        "duration_ns": 8 * MINUTE_NS,
        "host": "desk",
        "files": 182_340,
        "directories": 9_120,
        "size": 48 << 30,
        "new": 412,
        "changed": 87,
        "unchanged": 181_841,
        "added_size": 300 << 20,
        "stored_size": 211 << 20,
        **more,
    }


REPORTED = run(
    "20261121T010000Z-1b2c",
    "documents",
    5 * HOUR_NS,
    repository="/srv/backup",
    snapshot="7b51ea3a".ljust(64, "0"),
    snapshots=41,
    pid=4711,
    program="yester 0.1.0",
    plugins=[{"plugin": "usb", "time_ns": 2 * 10**9}],
    store=[{"store": "/srv/backup", "call": "put", "count": 12, "size": 211 << 20, "time_ns": 9 * 10**9}],
)
WHY = "There is no repository at /media/me/backup"
HINT = "Is the drive connected? yester init makes a new one."
RUNS: list[dict[str, Any]] = [
    run(
        RUNNING,
        "photos",
        2 * MINUTE_NS,
        "running",
        ended_ns=0,
        duration_ns=0,
        total_files=12_000,
        total_size=200 << 30,
        files=4_000,
        size=64 << 30,
    ),
    run("20261121T020000Z-77c1", "mail", 4 * HOUR_NS, "failed", error=WHY, hint=HINT, exit_code=6, files=0, size=0),
    REPORTED,
    run("20261120T220000Z-9e00", "", 8 * HOUR_NS, action="check", repository="/srv/backup", read_data_percent=10),
    run("20261120T020000Z-0f0e", "mail", 28 * HOUR_NS, "died", exit_code=1),
    run("20261120T010000Z-1b2d", "documents", 29 * HOUR_NS, "errors", failed=3, exit_code=3),
    run("20261119T010000Z-1b2e", "documents", 53 * HOUR_NS, "unchanged"),
    run("20261119T005800Z-aaaa", "photos", 54 * HOUR_NS, "cancelled", exit_code=130),
    run("20261118T020000Z-0f0d", "mail", 76 * HOUR_NS),
]


def status(profile: str, health: str = "ok", **more: Any) -> dict[str, Any]:
    """Return how a profile stands, as `profiles.status` tells of it."""
    good = more.pop("last_good_ns", NOW_NS - 5 * HOUR_NS)
    return {
        "profile": profile,
        "state": "running" if more.get("running") else health,
        "health": health,
        "last_good_ns": good,
        "next_ns": NOW_NS + 19 * HOUR_NS,
        "started": "on",
        "last_run": next((each["run"] for each in RUNS if each["profile"] == profile), ""),
        **more,
    }


STATUSES = [
    status("documents"),
    status(
        "mail",
        "failed",
        last_good_ns=NOW_NS - 76 * HOUR_NS,
        since_ns=NOW_NS - 28 * HOUR_NS,
        failures=2,
        text=WHY,
        hint=HINT,
    ),
    status("photos", running=RUNNING, last_good_ns=NOW_NS - 3 * DAY_NS),
]
PROFILES = [
    {
        "name": name,
        "sources": [{"path": f"/home/me/{name}"}],
        "repository": "/srv/backup" if name != "mail" else "/media/me/backup",
        "retention": {"keep_daily": 7, "keep_weekly": 4, "keep_monthly": 12},
        "maintenance": {"forget": True},
        "schedule": {"when": "daily"},
    }
    for name in ("documents", "mail", "photos")
]
MESSAGES = [
    {
        "id": 3,
        "time_ns": NOW_NS - 4 * HOUR_NS,
        "level": "error",
        "text": WHY,
        "hint": HINT,
        "profile": "mail",
        "run": RUNS[1]["run"],
    },
    {
        "id": 2,
        "time_ns": NOW_NS - 5 * HOUR_NS,
        "level": "info",
        "text": "1 device away from full",
        "source": "usb",
        "action": "free",
        "is_read": True,
    },
    {
        "id": 1,
        "time_ns": NOW_NS - 29 * HOUR_NS,
        "level": "warning",
        "text": "3 entries could not be taken whole",
        "profile": "documents",
    },
]  # fmt: skip


def progress(seq: int, files: int, gib: int, seconds: float) -> dict[str, Any]:
    """Return a line of the run that lasts."""
    return {
        "v": 1,
        "seq": seq,
        "time": f"2026-11-21T05:58:{seconds:09.6f}Z",
        "type": "run.progress",
        "files": files,
        "size": gib << 30,
        "new": files // 2,
        "unchanged": files // 2,
        "stored_size": gib << 27,
        "total_files": 12_000,
        "total_size": 200 << 30,
        "path": "/home/me/photos/2026/11/DSC_4711.MOV",
        "path_done": 3 << 29,
        "path_size": 2 << 30,
        "eta_s": 250,
    }


LINES = [
    {
        "v": 1, "seq": 1, "time": "2026-11-21T05:58:00.000000Z", "type": "run.begin", "run": RUNNING, "action": "snap",
        "profile": "photos", "profile_id": "", "repository": "/srv/backup", "host": "desk", "pid": 4711,
        "program": "yester 0.1.0",
    },
    {"v": 1, "seq": 2, "time": "2026-11-21T05:58:01.000000Z", "type": "run.phase", "phase": "read"},
    *(progress(3 + at, 500 * at, (3, 9, 20, 26, 40, 44, 52, 64)[at], 2.0 + at) for at in range(8)),
    {
        "v": 1, "seq": 11, "time": "2026-11-21T05:58:11.000000Z", "type": "message", "level": "warning",
        "text": "could not be read: Permission denied", "path": "/home/me/photos/private",
    },
]  # fmt: skip


def option(name: str, kind: str, value: Any = None, **more: Any) -> dict[str, Any]:
    """Return an option as `plugins.show` tells of it."""
    return {"name": name, "kind": kind, "takes": f"as {kind} is", "value": value, "variable": "YESTER_PING_X", **more}


_HERE = {"is_set": True, "source": "file", "place": "/home/me/.config/yester/plugins.toml"}
PLUGIN: dict[str, Any] = {
    "label": "usb",
    "world": "native",
    "state": "on",
    "package": "yester 0.1.0",
    "title": "Drives that are plugged in and pulled out; a Kolibri's data.",
    "hooks": ["on_mount_before", "on_run_begin"],
    "has_spec": True,
    "offers": [
        {"kind": "panel", "name": "drives", "label": "Drives that can be taken away"},
        {
            "kind": "action",
            "name": "remember",
            "label": "Start a profile whenever this drive is plugged in",
            "options": {"drive": "", "profile": "docs"},
        },
        {"kind": "action", "name": "format", "label": "Make a drive anew", "danger": "All that is on it is lost."},
    ],
    "options": [
        option("url", "string", "https://example.org", about="Where to ping.", is_set=True, source="environment",
               key="YESTER_PING_URL", default=""),
        option("tries", "integer", 3, about="How often.", least=1, most=10, default=5, **_HERE),
        option("loud", "boolean", True, about="Whether it says more.", default=True),
        option("way", "option", "get", choices=["get", "post"], default="get"),
        option("hosts", "list", ["a", "b"], about="Whom.", default=["a", "b"]),
        option("folder", "path", "/srv", default="/srv"),
        option("room", "bytes", "5G", default="5G"),
        option("patience", "seconds", 20, default=20),
        option("token", "string", is_secret=True, **{**_HERE, "variable": "YESTER_PING_TOKEN"}),
    ],
}  # fmt: skip
PANEL = {"code": 0, "answer": {"panel": "drives", "rows": [{"text": "STICK, 12 GiB free, for docs", "key": "4711"}]}}


def snapshot(id: str, ago_ns: int, *reasons: str, **more: Any) -> dict[str, Any]:
    """Return a snapshot as `snapshots.list` tells of it."""
    return {
        "snapshot": id.ljust(64, "0"),
        "time_ns": NOW_NS - ago_ns,
        "profile": "documents",
        "host": "desk",
        "user": "me",
        "sources": [{"path": "/home/me/documents"}],
        "kept": True,
        "reasons": [{"text": reason} for reason in reasons],
        "statistics": {
            "files": 182_340,
            "size": 48 << 30,
            "new": 412,
            "changed": 87,
            "unchanged": 181_841,
            "added_size": 300 << 20,
            "stored_size": 211 << 20,
            "duration_ns": 8 * MINUTE_NS,
        },
        **more,
    }


SNAPSHOTS = [
    snapshot("7b51ea3a", 5 * HOUR_NS, "newest of its series", "last good one", parent="0c9d11f2".ljust(64, "0")),
    snapshot(
        "0c9d11f2", 11 * HOUR_NS, "daily 2026-11-20",
        tags=["before-upgrade"], pinned=True, parent="9f3e2d1c".ljust(64, "0"),
    ),
    snapshot("55aa7c01", 13 * HOUR_NS, partial=True, kept=False),
    snapshot("9f3e2d1c", 29 * HOUR_NS, "daily 2026-11-20", "weekly 2026-47", parent="31415926".ljust(64, "0")),
    snapshot(
        "31415926", 53 * HOUR_NS, "daily 2026-11-19",
        name="tax return sent", note="as it was handed in", tags=["tax", "before-upgrade"],
    ),
]  # fmt: skip
ENTRIES = [
    {
        "path": "Überweisungen",
        "type": "directory",
        "mode": 0o40755,
        "size": 0,
        "size_below": 9 << 20,
        "mtime_ns": NOW_NS - DAY_NS,
    },
    {
        "path": "letters",
        "type": "directory",
        "mode": 0o40700,
        "size": 0,
        "size_below": 123 << 20,
        "mtime_ns": NOW_NS - 9 * DAY_NS,
        "there": "changed",
    },
    {
        "path": "2026 tax return, as it was sent with all its appendices and the receipts of the year before.pdf",
        "mode": 0o100644,
        "size": 4_811_900,
        "mtime_ns": NOW_NS - 3 * DAY_NS,
    },
    {
        "path": "caf\\xe9.txt",
        "path_b64": "Y2Fm6S50eHQ=",
        "mode": 0o100644,
        "size": 17,
        "mtime_ns": NOW_NS - 800 * DAY_NS,
        "there": "attributes",
    },
    {
        "path": "current",
        "type": "symlink",
        "mode": 0o120777,
        "size": 8,
        "mtime_ns": NOW_NS,
        "target": {"path": "letters"},
    },
    {
        "path": "roof.png",
        "mode": 0o100644,
        "size": 122_000,
        "mtime_ns": NOW_NS - 4 * DAY_NS,
        "there": "missing",
    },
    {
        "path": "keys.kdbx",
        "mode": 0o100600,
        "size": 90_210,
        "mtime_ns": NOW_NS - HOUR_NS,
        "marks": ["changed while it was read"],
    },
]  # fmt: skip
GONE = {
    "path": "minutes.txt",
    "mode": 0o100644,
    "size": 4_100,
    "mtime_ns": NOW_NS - 90 * DAY_NS,
    "last": {},
}
"""What only earlier snapshots had in a folder."""
FRESH = {"path": "today.txt", "mode": 0o100644, "size": 12, "mtime_ns": NOW_NS - MINUTE_NS, "there": "missing"}
"""What is there now and in no snapshot."""
MOUNTS = [
    {"path": "/home/me/yesterday", "state": "live", "shows": "all snapshots", "repository": "/srv/backup", "pid": 99,
     "since_ns": NOW_NS - 3 * HOUR_NS, "reads": 18_211, "cache_hits": 170, "cache_misses": 30, "open_files": 2,
     "user": "me", "log": "/home/me/.local/state/yester/mounts/4be1.log"},
    {"path": "/mnt/old", "state": "dead", "repository": "/srv/backup"},
]  # fmt: skip


SUNSET = Picture(6, 2, bytes([250, 120, 20] * 12 + [30, 60, 120] * 12))
LETTERS = {
    "now": "Dear Ada,\nthe roof is mended.\nIt rains no more.\n",
    "7b51ea3a": "Dear Ada,\nthe roof leaks.\nIt rains.\nYours\n",
    "9f3e2d1c": "Dear Ada,\nYours\n",
}
"""Snapshot → what the letter said there."""


def read(asked: dict[str, Any]) -> list[Item]:
    """Play the beginning of a file."""
    if asked["entry"]["path"].endswith(".kdbx"):
        data = bytes(range(0, 250, 7))
        return [{"size": 90_210, "bytes": b64encode(data).decode()}]
    text = LETTERS.get((asked.get("snapshot") or "now")[:8], LETTERS["7b51ea3a"])
    return [{"size": len(text), "bytes": b64encode(text.encode()).decode()}]


def beginning(asked: dict[str, Any], snapshot: str) -> Beginning:
    """Return how a file begins."""
    [found] = read({**asked, "snapshot": snapshot})
    return msgspec.convert(found, Beginning)


def show(asked: dict[str, Any]) -> list[Item]:
    """Play how an entry looks."""
    path = asked["entry"]["path"]
    if asked.get("view") == "details":
        lines = entry_panel([("path", path), ("mode", "-rw-r--r-- (0644)"), ("user.author", "'Ada'")])
    elif path.endswith(".png"):
        return [msgspec.to_builtins(Preview((line("PNG, 6 x 4"),), SUNSET if asked.get("rows") else None))]
    elif asked.get("view") == "bytes":
        lines = preview.numbers(beginning(asked, asked["snapshot"]), asked.get("columns", 0))
    else:
        lines = preview.shown(beginning(asked, asked["snapshot"]), path, asked.get("columns", 0))
    return [msgspec.to_builtins(Preview(tuple(lines)))]


def compare(asked: dict[str, Any]) -> list[Item]:
    """Play how a file differs."""
    before, after = beginning(asked, asked["before"]), beginning(asked, asked.get("after", "now"))
    both = Compared(before, after, "this version", "the file now")
    return [msgspec.to_builtins(Preview(tuple(preview.difference(both))))]


def seen(snapshot: int) -> dict[str, Any]:
    """Return how a snapshot is named."""
    found = SNAPSHOTS[snapshot]
    return {name: found[name] for name in ("snapshot", "time_ns", "profile", "host")}


LETTER = "/home/me/documents/letters/to Ada.txt"
VERSIONS = [
    {"size": 15, "mtime_ns": NOW_NS - 60 * HOUR_NS, "first": seen(4), "last": seen(3), "snapshots": 2},
    {"size": 41, "mtime_ns": NOW_NS - 12 * HOUR_NS, "first": seen(1), "last": seen(0), "snapshots": 2},
]
FOUND: list[dict[str, Any]] = [
    {"path": LETTER, "size": 41, "mtime_ns": NOW_NS - 12 * HOUR_NS, "last": seen(0)},
    {"path": "/home/me/documents/letters/to Adam.txt", "size": 17, "deleted": True, "last": seen(4)},
    {"path": "/home/me/documents/letters", "type": "folder", "size": 123 << 20, "last": seen(0)},
]  # fmt: skip
USAGE = {
    "size": 31 << 30,
    "plain_size": 52 << 30,
    "folder": {"path": "/home/me"},
    "paths": [
        {"path": "/home/me/photos", "size": 22 << 30},
        {"path": "/home/me/documents", "size": 8 << 30},
        {"path": "/home/me/mail", "size": 1 << 30},
    ],
}
BACK = "20261121T060000Z-beef"
BACK_LINES = [
    {
        "v": 1, "seq": 1, "time": "2026-11-21T06:00:00.000000Z", "type": "run.begin", "run": BACK, "action": "restore",
        "profile": "", "profile_id": "", "repository": "/srv/backup", "host": "desk", "pid": 4712,
        "program": "yester 0.1.0",
    },
    {"v": 1, "seq": 2, "time": "2026-11-21T06:00:01.000000Z", "type": "run.phase", "phase": "write"},
    {
        "v": 1, "seq": 3, "time": "2026-11-21T06:00:02.000000Z", "type": "run.progress", "files": 12, "size": 34 << 20,
        "total_files": 40, "total_size": 100 << 20, "path": "/home/me/documents/letters/to Ada.txt", "eta_s": 9,
    },
    {
        "v": 1, "seq": 4, "time": "2026-11-21T06:00:03.000000Z", "type": "message", "level": "error",
        "path": "/home/me/documents/letters/big.iso", "text": "no space left on device",
    },
]  # fmt: skip
"""Of a restore, until it is at work."""
BACK_END = [
    {
        "v": 1, "seq": 5, "time": "2026-11-21T06:00:04.000000Z", "type": "restore.end", "snapshot": "", "files": 39,
        "size": 90 << 20, "failed": 1, "set_aside": 2, "skipped": 1, "same": 7,
    },
    {
        "v": 1, "seq": 6, "time": "2026-11-21T06:00:04.000000Z", "type": "run.end", "run": BACK, "result": "errors",
        "exit_code": 3, "duration_ns": 4 * 10**9,
    },
]  # fmt: skip
PLAN = {
    "code": 0,
    "said": [],
    "answer": {
        "plan": {
            "freed_size": 3 << 30,
            "moved_size": 200 << 20,
            "unused_size": 20 << 20,
            "delete": [{"size": 16 << 20, "unused_size": 16 << 20, "why": "unused"}] * 180,
            "repack": [{"size": 16 << 20, "needed_size": 4 << 20, "unused_size": 12 << 20, "why": "sparse"}] * 50,
        },
        "leftovers": {"snapshots": 12, "labels": 3},
    },
}


def difference(path: str, before: int | None, after: int | None, **more: Any) -> dict[str, Any]:
    """Return a difference as `snapshots.diff` tells of it."""
    sides = [None if each is None else {"mode": 0o100644, "size": each, "mtime_ns": NOW_NS} for each in (before, after)]
    happened = "added" if before is None else "removed" if after is None else "changed"
    return {"path": path, "happened": happened, "before": sides[0], "after": sides[1], **more}


DIFFERENCES = [
    difference("/home/me/documents/2026 tax return.pdf", 4_811_900, 4_811_900, happened="renamed",
               origin={"path": "/home/me/documents/tax.pdf"}),
    difference("/home/me/documents/letters/to Ada.txt", 15, 41, notes=["content", "15 B -> 41 B"]),
    difference("/home/me/documents/letters/to Adam.txt", 17, None),
    difference("/home/me/documents/notes/plan.md", None, 2_048),
]  # fmt: skip


def judged(at: int, *reasons: str) -> dict[str, Any]:
    """Return a snapshot as a plan of letting go names it."""
    found = SNAPSHOTS[at]
    names = ("snapshot", "time_ns", "profile", "host", "name", "tags", "pinned")
    return {**{name: found[name] for name in names if name in found}, "reasons": [{"text": why} for why in reasons]}


def plan_of(asked: dict[str, Any]) -> dict[str, Any]:
    """Play what a forget would do."""
    going = asked.get("snapshots") or [SNAPSHOTS[2]["snapshot"], SNAPSHOTS[3]["snapshot"]]
    why = "asked for" if asked.get("snapshots") else "no rule keeps it"
    numbers = range(len(SNAPSHOTS))
    forget = [judged(at, why) for at in numbers if SNAPSHOTS[at]["snapshot"] in going]
    for each in forget:
        each["reasons"] += [{"rule": "even-pinned"}] * (asked.get("even_pinned", False) and each.get("pinned", False))
    if asked.get("even_last") and len(forget) == len(SNAPSHOTS):
        forget[0]["reasons"].append({"rule": "even-last", "text": "although it is the last good one"})
    keep = [judged(at, "daily 2026-11-20") for at in numbers if SNAPSHOTS[at]["snapshot"] not in going]
    return {"code": 0, "said": [], "answer": {"dry_run": True, "keep": keep, "forget": forget}}


WAYS = [
    {"key": "a1b2c3d4".ljust(64, "0"), "kind": "passphrase", "label": "mine", "created_ns": NOW_NS - 300 * DAY_NS,
     "in_use": True},
    {"key": "0badcafe".ljust(64, "0"), "kind": "recovery", "label": "", "created_ns": NOW_NS - 300 * DAY_NS},
    {"key": "feedbeef".ljust(64, "0"), "kind": "public", "label": "web server", "created_ns": NOW_NS - 9 * DAY_NS},
]  # fmt: skip
NEW_RECOVERY = {"code": 0, "said": [], "answer": {"recovery_key": "ABCD-EFGH-JKLM-NPQR", "removed": ["0badcafe"]}}
FORESEEN = {"files": 1, "size": 15, "different": 1, "examples": [{"path": LETTER}]}


_SAID = {
    "sources": '["/home/me/documents"]',
    "repository": '"/srv/backup"',
    "filters.exclude": '["*.o"]',
    "schedule.when": '"daily"',
    "schedule.at": '"12:00"',
    "retention.keep_daily": "7",
    "retention.keep_weekly": "4",
}
SETTINGS = [
    {
        "key": key.path,
        "value": _SAID.get(key.path, "" if key.path.startswith("retention.smart") else default_text(key)),
        "is_default": key.path not in _SAID,
    }
    for key in KEYS.values()
]
"""What `documents` says, key by key."""


ARCHIVES: dict[str, Any] = {
    "archives.status": {
        "answer": [
            {
                "archive": "guid",
                "name": "Tapes",
                "is_there": True,
                "ready": True,
                "ready_asked_ns": NOW_NS - 3 * MINUTE_NS,
                "packs": 412,
                "size": 6 << 30,
                "verified_packs": 380,
                "offline_packs": 380,
                "offline_size": 5 << 30,
                "volumes": ["A00017", "A00018"],
                "gathering": ["Two copies gathers 3 packs, 40.0 MiB, until 100 packs"],
            },
            {
                "archive": "other",
                "name": "Drawer",
                "is_there": False,
                "ready": False,
                "ready_asked_ns": None,
                "packs": 3,
                "size": 40 << 20,
            },
        ]
    },
    "archives.policies": {
        "answer": [
            {
                "archive": "guid",
                "archive_name": "Tapes",
                "policy": "two",
                "name": "Two copies",
                "bulk": True,
                "constraints": {"count": 100},
                "costs": {"restore_wait_s": 18000.0},
            }
        ]
    },
    "archives.requests": {
        "answer": [
            {
                "id": "c536e999",
                "kind": "recall",
                "asked_ns": NOW_NS - 5 * MINUTE_NS,
                "about": "latest:/home/me/film.mkv",
                "open": 2,
                "states": {"restoring": 2},
                "size": 32 << 20,
                "archives": ["Tapes"],
            },
            {
                "id": "daad3a4e",
                "kind": "archive",
                "purge": True,
                "asked_ns": NOW_NS - 26 * HOUR_NS,
                "about": "of documents older than 1y",
                "states": {"purged": 380, "failed": 2},
                "size": 6 << 30,
                "archives": ["Tapes"],
                "words": ["tape A00019 cannot be written"],
            },
        ]
    },
    "archives.jobs": {
        "answer": [
            {"pack": "data.a8c1ac06891c49a4", "size": 16 << 20, "state": "purged"},
            {
                "pack": "data.77c1ac06891c49a4",
                "size": 16 << 20,
                "state": "failed",
                "words": "tape A00019 cannot be written",
            },
        ]
    },
    "archives.foresee": {
        "answer": {
            "hand_over": [{"size": 1 << 20}],
            "words": ["12 snapshots need 40 packs", "  40 packs to hand over to Tapes (Two copies)"],
        }
    },
    "archives.foresee_purge": {
        "answer": {"purge": [{"size": 1}], "words": ["  38 packs of 570.0 MiB go: no other snapshot needs them"]}
    },
    "archives.foresee_recall": {
        "answer": {"offline_packs": 2, "words": ["2 packs are offline", "  2 from Tapes, 32.0 MiB", "    on A00017"]}
    },
}


def engine(**more: Any) -> FakeEngine:
    """Return an engine that tells of all this; `more` scripts methods differently."""
    scripts: dict[str, Any] = {
        "profiles_status": STATUSES,
        "profiles_list": PROFILES,
        "runs_list": RUNS,
        "runs_follow": lambda asked: {RUNNING: LINES, BACK: BACK_LINES}.get(asked["run"], ()),
        "files_restore": [{"run": BACK}],
        "messages_list": MESSAGES,
        "snapshots_list": SNAPSHOTS,
        "files_list": page_of(ENTRIES),
        "files_read": read,
        "files_preview": show,
        "files_compare": compare,
        "files_find": lambda asked: [each for each in FOUND if asked["pattern"] in each["path"]],
        "files_versions": VERSIONS,
        "files_foresee": [FORESEEN],
        "storage_usage": [USAGE],
        "snapshots_diff": lambda asked: _told(asked)[asked.get("start", 0) :],
        "snapshots_freed": [{"size": 211 << 20}],
        "keys_list": WAYS,
        "mounts_path": lambda asked: [{"path": f"{asked['mountpoint']['path']}/snapshots/{asked['snapshot'][:8]}"}],
        "mounts_list": MOUNTS,
        "plugins_list": [
            {"label": "notify", "world": "native", "state": "on"},
            {"label": "sqlite", "world": "native", "state": "off"},
            {"label": "usb", "world": "native", "state": "on"},
        ],
        "plugins_show": lambda asked: [{**PLUGIN, "label": asked["plugin"]}],
        "profiles_settings": SETTINGS,
        "schedule_show": [{"words": "every day at 12:00", "installed": {"by": "systemd"}}],
    }
    found = FakeEngine(**{**scripts, **more})
    found.done["storage.plan"] = PLAN
    found.done |= ARCHIVES
    found.done["snapshots.list"] = {"host": "desk"}
    found.done["plugins.run"] = lambda asked: PANEL if asked["offer"] == "drives" else {"answer": {"text": "done so"}}
    found.done["snapshots.plan"] = plan_of
    found.done["snapshots.list"] = {"warnings": [], "place": "/srv/backup", "host": "desk"}
    found.done["keys.recovery"] = NEW_RECOVERY
    found.done["snapshots.diff"] = lambda asked: {
        "total": len(_told(asked)),
        "counts": {"added": 1, "removed": 1, "changed": 1, "renamed": 1},
        "is_whole": True,
    }
    found.done["files.list"] = lambda asked: {"total": len(_matching(ENTRIES, asked))}
    import asyncio

    found.lines |= {RUNNING: asyncio.Queue(), BACK: asyncio.Queue()}
    return found


def page_of(entries: list[Any]) -> Any:
    """Return a script that plays pages of these entries; now there is one more, and a deleted one when asked for."""

    def play(asked: dict[str, Any]) -> list[Item]:
        return _matching(entries, asked)[asked["start"] : asked["start"] + asked["count"]]

    return play


def _told(asked: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for each in DIFFERENCES if asked.get("grep", "").casefold() in each["path"].casefold()]


def _matching(entries: list[Any], asked: dict[str, Any]) -> list[Any]:
    more = [FRESH] if asked["snapshot"] == "now" else []
    more += [{**GONE, "last": seen(4)}] if asked.get("deleted") else []
    wanted = asked.get("grep", "").casefold()
    return [entry for entry in [*entries, *more] if wanted in entry["path"].casefold()]


SUGGESTED = {
    "home": {"path": "/home/me"},
    "folders": [{"path": f"/home/me/{name}"} for name in ("Documents", "Pictures")],
    "drives": [{"path": "/media/me/STICK", "free_size": 111 << 30}],
    "repository": "/home/me/.local/share/yester/repository",
    "passphrase_folder": "/home/me/.config/yester/passphrases",
}
BACKENDS = [
    {"name": "file", "about": "a folder", "example": "file:///home/me/backup"},
    {"name": "sftp", "about": "a machine with SSH", "example": "sftp://nas/srv/backup"},
    {"name": "s3", "about": "a bucket of S3", "example": "s3://bucket/prefix", "is_installed": False, "extra": "s3"},
]
SUMS: dict[str, Any] = {
    "files": 182_340,
    "folders": 9_120,
    "size": 48 << 30,
    "unreadable": 2,
    "left_out": 4,
    "left_out_size": 6 << 30,
    "heaviest": [
        {"path": "/home/me/Pictures", "size": 31 << 30},
        {"path": "/home/me/Documents", "size": 9 << 30},
        {"path": "/home/me/mail", "size": 6 << 30},
    ],
    "examples": [
        {"path": "/home/me/.cache", "size": 5 << 30, "is_folder": True, "why": "pattern"},
        {"path": "/home/me/src/x/target", "size": 1 << 30, "is_folder": True, "why": "cache"},
    ],
}
MAKING = ("repositories.create", "keys.keep", "profiles.add", "schedule.enable", "runs.start")
"""What the wizard does, in its order."""
RECOVERY = "ABCDEFG-HIJKLMN-OPQRSTU-VWXYZ23-4567ABC-DEFGHIJ-KLMNOPQ-RSTUVWX"
FIRST_RUN = "20261121T060000Z-f157"
FILE = """# The profile home
id = "00112233445566778899aabbccddeeff"
sources = [
    "/home/me",
]
# compression = 3
repository = "/media/me/STICK/yester"
[filters]
# exclude = []
[schedule]
when = "daily"
at = "12:00"
"""


def empty(**more: Any) -> FakeEngine:
    """Return an engine of somebody who has nothing yet; `more` scripts methods differently."""
    scripts: dict[str, Any] = {
        "sources_suggest": [SUGGESTED],
        "sources_measure": [{**SUMS, "size": 3 << 30, "is_over": False}, {**SUMS, "is_over": True}],
        "folders_complete": lambda asked: [
            {"path": path}
            for path in ("/home/me/Documents", "/home/me/Pictures", "/srv/backup")
            if path.startswith(asked["text"]["path"])
        ],
        "backends_list": BACKENDS,
        "runs_start": [{"run": FIRST_RUN}],
    }
    found = FakeEngine(**{**scripts, **more})
    found.done["backends.look"] = lambda asked: looked(asked["place"])
    found.done["repositories.create"] = {"code": 0, "answer": {"recovery_key": RECOVERY}}
    found.done["profiles.foresee"] = {"code": 0, "answer": {"text": FILE}}
    return found


def looked(place: str, **more: Any) -> dict[str, Any]:
    """Return what was found at a place."""
    return {"code": 0, "said": [], "answer": {"place": place, "free_size": 111 << 30, **more}}
