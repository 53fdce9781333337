"""Series of figures as Prometheus reads them: text exposition format, version 0.0.4; pure.

A file holds the series of all profiles. Whoever writes those of one keeps the others', as far as they can be read.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

_LABELS = r'\{(?P<labels>(?:[^"}]|"(?:\\.|[^"\\])*")*)\}'
_LINE = re.compile(rf"(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:{_LABELS})?[ \t]+(?P<value>\S+)", re.DOTALL)
_LABEL = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:\\.|[^"\\])*)"\s*(?:,|$)')
_ESCAPES = {"\\": "\\", '"': '"', "n": "\n"}

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """What is measured."""

    name: str
    kind: str
    """`gauge` or `counter`."""
    help: str


@dataclass(frozen=True, slots=True)
class Series:
    """One figure of one thing."""

    name: str
    labels: Labels

    def has(self, name: str, value: str) -> bool:
        """Whether it has a label of this value."""
        return (name, value) in self.labels


Values = dict[Series, float]


def exposed(figures: Iterable[Figure], values: Mapping[Series, float]) -> str:
    """Return the text of a file, the series of one figure together, as the format wants. Text that is UTF-8."""
    lines = []
    for figure in figures:
        mine = sorted((series.labels, value) for series, value in values.items() if series.name == figure.name)
        if mine:
            lines += [f"# HELP {figure.name} {figure.help}", f"# TYPE {figure.name} {figure.kind}"]
            lines += [f"{figure.name}{_labels(labels)} {_number(value)}" for labels, value in mine]
    return "".join(f"{line}\n" for line in lines)


def read(text: str) -> Values:
    """Return the series of a file; lines that make no sense are none."""
    return dict(_series(text.split("\n")))


def _series(lines: Iterable[str]) -> Iterator[tuple[Series, float]]:
    for line in lines:
        found = _LINE.fullmatch(line.strip())
        labels = _read_labels(found["labels"] or "") if found is not None else None
        if found is None or labels is None:
            continue
        try:
            yield Series(found["name"], labels), float(found["value"])
        except ValueError:
            continue


def _read_labels(text: str) -> Labels | None:
    labels, at = [], 0
    while at < len(text):
        found = _LABEL.match(text, at)
        if found is None:
            return None
        labels.append((found[1], re.sub(r"\\(.)", lambda escape: _ESCAPES.get(escape[1], escape[0]), found[2])))
        at = found.end()
    return tuple(labels)


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) and abs(value) < 1 << 53 else repr(value)
