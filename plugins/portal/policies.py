"""From what a plugin says of its storage policies to Policy values. Pure.

What a constraint of a bulk policy looks like no source tells (contracts section 5.4), so that several shapes are taken:
a table such as `{"count": 100, "interval": 60}` or a list of such, or of `{"type": "count", "value": 100}`.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import inf
from typing import Any

from yester.engine.archive.port import Constraints, Policy

DEFAULT = "default"
"""The policy of a plugin that knows none, as those of 2015."""

_COSTS = {"restore_per_gb": "restore_per_gb", "restore_wait": "restore_wait_s", "minimum_days": "minimum_days"}
"""Common option → the name among a policy's costs."""
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_MINUTE_S = 60.0
LONGEST_S = 3e9
"""What a plugin or a person may have gathered for: nearly a hundred years, which a date can still have added."""


def _positive(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _seconds(unit_s: float) -> Callable[[Any], float | None]:
    def read(value: Any) -> float | None:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value * unit_s <= LONGEST_S:
            return None
        return value * unit_s

    return read


def _time_of_day(value: Any) -> str | None:
    return value if isinstance(value, str) and _TIME.fullmatch(value) else None


_TERMS: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    **dict.fromkeys(("count", "max_count", "items", "number", "number_of_items"), ("count", _positive)),
    **dict.fromkeys(("size", "max_size", "bytes", "total_size"), ("size", _positive)),
    **dict.fromkeys(("interval_s", "interval_seconds", "seconds"), ("interval_s", _seconds(1.0))),
    **dict.fromkeys(("interval", "interval_minutes", "minutes"), ("interval_s", _seconds(_MINUTE_S))),
    **dict.fromkeys(("time", "time_of_day", "at"), ("time_of_day", _time_of_day)),
}
"""What a plugin may call a constraint → the field, and how its value is read (None: it is none)."""


_STATED: Mapping[str, tuple[str, Callable[[Any], Any], str]] = {
    "gather_count": ("count", _positive, "a number from 1"),
    "gather_size": ("size", _positive, "a size"),
    "gather_interval": ("interval_s", _seconds(1.0), "a number of seconds from 1"),
    "gather_at": ("time_of_day", _time_of_day, "a time of day as HH:MM"),
}
"""Common option → the field of Constraints, how its value is read (None: it is none), and what it takes."""


def policies_of(said: object, options: Mapping[str, Any], name: str) -> tuple[list[Policy], list[str]]:
    """Return the policies that a worker told of (world.py), and what is wrong with them in sentences.

    `options` are the common ones, which count before what the plugin says; `name` is the plugin's.
    """
    policies: dict[str, Policy] = {}
    remarks: list[str] = []
    stated, wrong = _stated(options)
    remarks += wrong
    for each in said if isinstance(said, list) else ():
        if not isinstance(each, dict) or not isinstance(each.get("uuid"), str):
            remarks.append(f"A storage policy is a table with a uuid, not {str(each)[:100]}")
        elif each["uuid"] in policies:
            remarks.append(f"Two storage policies are called {each['uuid']}; the second one is left out")
        else:
            policy, wrong = _policy(each, name)
            remarks += wrong
            policies[policy.uuid] = _with(policy, stated, options)
    if not policies:
        remarks.append("It has no storage policy")
    return list(policies.values()), remarks


def _policy(said: Mapping[str, Any], name: str) -> tuple[Policy, list[str]]:
    constraints, wrong = constraints_of(said.get("constraints"))
    costs = said.get("costs")
    known = {
        key: float(value)
        for key, value in (costs.items() if isinstance(costs, dict) else ())
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < inf
    }
    label = str(said.get("name") or (name if said["uuid"] == DEFAULT else said["uuid"]))
    return Policy(said["uuid"], label, said.get("bulk_support") is True, constraints, known), wrong


def _stated(options: Mapping[str, Any]) -> tuple[Constraints, list[str]]:
    """Return the constraints that the person states, and what is wrong with them."""
    found = {}
    wrong = []
    for option, (field, read, takes) in _STATED.items():
        said = options.get(option)
        found[field] = None if said is None else read(said)
        if said is not None and found[field] is None:
            wrong.append(f"The option {option} takes {takes}, not {said}")
    return Constraints(**found), wrong


def _with(policy: Policy, stated: Constraints, options: Mapping[str, Any]) -> Policy:
    own = policy.constraints
    return replace(
        policy,
        constraints=Constraints(
            stated.count or own.count,
            stated.size or own.size,
            stated.interval_s or own.interval_s,
            stated.time_of_day or own.time_of_day,
        ),
        costs={
            **policy.costs,
            **{cost: float(options[option]) for option, cost in _COSTS.items() if options.get(option) is not None},
        },
        trusts_archive=bool(options.get("trusts_archive")),
    )


def constraints_of(said: object) -> tuple[Constraints, list[str]]:
    """Return the constraints that a plugin states in any of the shapes, and what is wrong with them."""
    found: dict[str, Any] = {}
    wrong = []
    for term, value in _terms(said):
        field, read = _TERMS.get(term.lower(), ("", _positive))
        meant = read(value) if field else None
        if meant is None:
            wrong.append(f"A constraint makes no sense: {term} = {str(value)[:100]}")
        else:
            found.setdefault(field, meant)
    return Constraints(**found), wrong


def _terms(said: object) -> Iterator[tuple[str, Any]]:
    tables: Sequence[object] = said if isinstance(said, list) else [] if said is None else [said]
    for table in tables:
        if not isinstance(table, dict):
            yield "constraint", table
            continue
        kind = table.get("type", table.get("name", table.get("constraint")))
        if isinstance(kind, str) and "value" in table:
            yield kind, table["value"]
        else:
            yield from ((str(key), value) for key, value in table.items())
