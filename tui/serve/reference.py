"""docs/serve.md, made from the code: `python -m yester.tui.serve.reference > docs/serve.md`."""

import inspect
import sys
from typing import Annotated, get_args, get_origin

import msgspec

from yester.engine.events import Shown, shown
from yester.engine.events_reference import meanings_of
from yester.tui.serve import protocol
from yester.tui.serve.goldens import Exchange, goldens
from yester.tui.serve.methods.kinds import Change, Method
from yester.tui.serve.methods.params import Params
from yester.tui.serve.methods.table import METHODS
from yester.tui.serve.methods.words import as_typed
from yester.tui.serve.outbox import ENDS, QUEUED
from yester.tui.serve.protocol import MAX_LINE, VERSION, Failure, encode_line
from yester.tui.serve.serving import AT_ONCE

EXAMPLES = (
    ("yester", encode_line(v=VERSION, program="yester 0.1.0", pid=4711, methods=["app.start", "…"])),
    ("client", encode_line(id=1, method="runs.start", params={"profile": "docs"})),
    ("yester", encode_line(id=1, command="yester snap docs")),
    ("yester", encode_line(id=1, item={"run": "20261120T213829Z-36ab"})),
    ("yester", encode_line(id=1, done={"run": "20261120T213829Z-36ab"})),
    ("client", encode_line(id=2, method="runs.follow", params={"run": "20261120T213829Z-36ab", "first": 17})),
    ("yester", encode_line(id=2, item={"v": 1, "seq": 17, "time": "2026-11-20T21:38:31.5Z", "type": "run.pause"})),
    ("client", encode_line(cancel=2)),
    ("yester", encode_line(id=2, error=Failure(130, "The request was cancelled"))),
    ("client", encode_line(id=3, method="mounts.remove", params={"mountpoint": shown(b"/mnt/caf\xe9")})),
    ("yester", encode_line(id=3, command="yester umount /mnt/caf\udce9")),
    ("yester", encode_line(id=3, done={"code": 0, "answer": None, "said": []})),
    ("client", b"{nonsense\n"),
    ("yester", encode_line(id=None, error=protocol.decode_request(b"{nonsense"))),
)
"""Golden lines: who sends them, and what."""

_MANY = 7
"""Lines of an example."""
_WIDE = 600
"""Letters of one of them."""
_ENDLESS = (1 << 63) - 1
"""A number that is as large as any may be."""

_HEAD = """\
# yester serve

`yester serve` is the engine of a front end: the terminal program starts one and asks it for all that it shows. Another
front end may do the same. It reads requests on standard input and answers on standard output, JSON objects, one a line,
and ends when its standard input closes.

This page is made from the code by `python -m yester.tui.serve.reference > docs/serve.md`.

## Lines

```
{examples}
```

- The first line says the version of the protocol (`v`), which is raised only when a client of the old form would be
  misled, and which methods there are. New methods, parameters with a default and fields of answers come without that:
  clients leave aside what they do not know.
- A request has an `id`, a number of the client's choice that no other open request has; a `method`; and `params`, which
  may be missing where all have a default. What is not known in it is an error.
- Answers carry the id: `command` once, when a command is run, as a person would type it; then an `item` for each thing,
  as soon as it is there; at last `done` or `error`, and the id is free again. Answers to different requests mix.
- `error` has the exit `code` of the command line (docs/user-guide.md), a `message`, and mostly a `hint` what to do.
  `"needs":"passphrase"`: none was given, or what is kept is wrong or gone, which `message` says: ask the person, and
  send `repositories.unlock`. An `error` whose id is null answers a line that is no request.
- `cancel` ends a request: it is answered by an `error` of code 130, or by what was on its way already.
- Of each request {queued} lines wait at most. Who reads slowly makes his answers wait, and those to one request make
  those to another wait no longer than a line takes. While {ends} last lines are not read, no request is taken.
- A line of more than {longest:,} bytes is refused, and so is a request while {at_once} others are open.
- A path is an object: `path` is text for showing, and where the bytes are not UTF-8 `path_b64` has them in base64, as
  in [events](events.md). Clients send the same.

## What changes something

A method that changes anything runs one command of the command line, in a process and a session of its own, and says
which. So whatever is done from a front end can be done by hand, is recorded the same way, and goes on when the front
end is killed. `done` has the exit code, what `--json` prints as `answer`, and complaints as `said`. A run
(`runs.start`, `files.restore`) gives its id as an item as soon as it has a journal, by which [it is followed](runs.md)
from this front end or any other; `done` comes when the repository was opened and the work has begun, and `error` when
it ended before.

## Passphrases

No passphrase is in a request, in arguments or in the environment. A client opens a pipe, names its reading end with
`--secrets-fd N`, writes the passphrase and a line end there, and sends `repositories.unlock`, or `repositories.create`
for a new repository. It is kept in memory until the client is gone, and given to commands through an open file. The
recovery key of a new repository is in the answer to `repositories.create` and nowhere else. A passphrase that
`keys.add` adds comes the same way, and is not kept. A request takes its lines also when it fails.

## Plugins

After `app.start` the plugins that are on live as long as the client. They hear `app.start` before it is answered;
`mount.before` and `mount.after` when a repository is first looked at for a profile; `unmount` when another is;
`unmount` and `app.exit` at the end, also when the client is killed. What they say is among the messages.

## Methods

| method | takes | answers | is the command |
|---|---|---|---|
{methods}

## A request to each

As a test asks them and hears the answers (tests/golden/serve has them whole). … stands for what is left out here.

```
{requests}
```

## Parameters

What has no default must be given.
{parameters}"""


def reference() -> str:
    """Return the whole page."""
    kinds = {method.takes.__name__: method.takes for method in METHODS.values() if method.takes is not Params}
    return _HEAD.format(
        examples="\n".join(f"{who}  {line.decode().rstrip()}" for who, line in EXAMPLES),
        queued=QUEUED,
        ends=ENDS,
        longest=MAX_LINE,
        at_once=AT_ONCE,
        methods="\n".join(_row(name, method) for name, method in METHODS.items()),
        requests="\n".join(line for name in METHODS for line in example(goldens()[name])),
        parameters="".join(f"\n{_section(name, kinds[name])}" for name in sorted(kinds)),
    )


def _row(name: str, method: Method) -> str:
    takes = "nothing" if method.takes is Params else f"[{method.takes.__name__}](#{method.takes.__name__.lower()})"
    command = as_typed(method.words(sample(method.takes))) if isinstance(method, Change) else method.command
    return f"| `{name}` | {takes} | {method.answers} | {f'`{command}`' if command else '–'} |"


def example(lines: Exchange) -> list[str]:
    """Return a request and its answers as far as they show their form: a few items, the beginning of what is long."""
    shown = [f"{who}  {line if len(line) <= _WIDE else f'{line[:_WIDE]}…'}" for who, line in lines]
    return shown if len(shown) <= _MANY else [*shown[: _MANY - 2], "yester  …", shown[-1]]


def sample(kind: type[Params]) -> Params:
    """Return parameters whose values are their names in capitals."""
    needed = {each.name: each for each in msgspec.structs.fields(kind) if each.required}
    return kind(**{name: _sampled(name, each.type) for name, each in needed.items()})


def _sampled(name: str, kind: object) -> object:
    if kind == tuple[str, ...]:
        return (name.upper().removesuffix("S"),)
    return Shown(name.upper()) if kind is Shown else name.upper()


def _section(name: str, kind: type[Params]) -> str:
    meanings: dict[str, str] = {}
    for each in reversed(kind.__mro__):
        if issubclass(each, Params):
            meanings |= meanings_of(each)
    rows = "".join(
        f"| `{field.name}` | {_type(field.type)} | "
        f"{'' if field.required else f'`{msgspec.json.encode(field.default).decode()}`'} | "
        f"{meanings.get(field.name, '')} |\n"
        for field in msgspec.structs.fields(kind)
    )
    about = inspect.cleandoc(kind.__doc__ or "")
    return f"### {name}\n\n{about}\n\n| field | type | default | |\n|---|---|---|---|\n{rows}"


def _type(kind: object) -> str:
    """Return a type as a reader of JSON knows it."""
    if get_origin(kind) is Annotated:
        plain, *metas = get_args(kind)
        ends = [f"from {meta.ge}" + (f" to {meta.le:,}" if meta.le < _ENDLESS else "") for meta in metas]
        return " ".join([_type(plain), *ends])
    named: dict[object, str] = {
        str: "string",
        int: "integer",
        bool: "true or false",
        Shown: "path",
        tuple[Shown, ...]: "list of paths",
        tuple[int, ...]: "list of integers",
        tuple[str, ...]: "list of strings",
    }
    return named.get(kind) or " ".join(f"`{choice}`" for choice in get_args(kind))


if __name__ == "__main__":
    sys.stdout.write(reference())
