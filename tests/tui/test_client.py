"""The client against engines that behave and engines that do not: each a process, none of them yester's."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tests.tui.fake import on_asyncio

from yester.engine.errors import YesterError
from yester.tui.client import Client, EngineGone, Refused, all_of

HELLO = '{"v":1,"program":"yester 0.1.0","pid":1,"methods":[]}'
BEGIN = f"import sys, json, os, signal\nprint({HELLO!r}, flush=True)\n"
ECHO = (
    BEGIN
    + """
for line in sys.stdin:
    asked = json.loads(line)
    if "cancel" in asked:
        print(json.dumps({"id": asked["cancel"], "error": {"code": 130, "message": "cancelled"}}), flush=True)
        continue
    params = asked["params"]
    if "end" in params:
        os.kill(os.getpid(), signal.SIGKILL)
    for at in range(params.get("count", 1)):
        print(json.dumps({"id": asked["id"], "item": {"at": at}}), flush=True)
    if params.get("last", True):
        print(json.dumps({"id": asked["id"], "done": {"n": params.get("count", 1)}}), flush=True)
"""
)


@asynccontextmanager
async def engine(script: str) -> AsyncIterator[Client]:
    """Start an engine that is a script."""
    client = Client(serve=(sys.executable, "-c", script))
    try:
        yield client
    finally:
        await client.close()


async def why(script: str) -> str:
    """Return why an engine is of no use, which who starts it and who asked before must be told alike."""
    async with engine(script) as client:
        early = client.ask("early", dict)
        with pytest.raises(EngineGone) as gone:
            await client.start()
            await all_of(client.ask("late", dict))
        assert gone.value.hint
        with pytest.raises(EngineGone):
            await all_of(early)
        with pytest.raises(EngineGone):
            await all_of(client.ask("later", dict))
        return gone.value.what


@on_asyncio
async def test_answers_to_different_requests_are_kept_apart() -> None:
    async with engine(ECHO) as client:
        early = client.ask("a", dict, count=3)
        await client.start()
        other = client.ask("b", dict, count=2)
        assert await all_of(other) == ({"at": 0}, {"at": 1})
        assert await all_of(early) == ({"at": 0}, {"at": 1}, {"at": 2})
        assert early.done == {"n": 3}


@on_asyncio
async def test_a_request_that_is_left_hinders_no_other() -> None:
    async with engine(ECHO) as client:
        await client.start()
        many = client.ask("many", dict, count=2000)
        async for _ in many:
            break
        assert len(await all_of(client.ask("few", dict, count=3))) == 3


@on_asyncio
async def test_a_request_is_cancelled() -> None:
    async with engine(ECHO) as client:
        await client.start()
        endless = client.ask("endless", dict, last=False)
        with pytest.raises(Refused) as refused:
            async for _ in endless:
                endless.cancel()
        assert refused.value.failure.code == 130


@on_asyncio
async def test_an_engine_that_dies_ends_all_requests() -> None:
    async with engine(ECHO) as client:
        await client.start()
        waits = asyncio.create_task(all_of(client.ask("waits", dict, last=False)))
        full = client.ask("full", dict, count=200, last=False)
        with pytest.raises(EngineGone, match="The engine has ended"):
            await all_of(client.ask("end", dict, end=True))
        for each in (waits, asyncio.create_task(all_of(full))):
            with pytest.raises(EngineGone):
                await each


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("", "The engine has ended: exit code 0"),
        ("import sys; sys.stderr.write('yester: It is broken\\n'); sys.exit(1)", "The engine has ended: It is broken"),
        ("print('Traceback')", "The engine says something else than it should"),
        ('print(\'{"v":99,"program":"yester 9"}\')', "The engine is newer than this program: yester 9"),
        (BEGIN + "print('{\"id\":', flush=True); sys.stdin.read()", "The engine sent a line that is none of its"),
        (BEGIN + "print('[1]', flush=True); sys.stdin.read()", "The engine sent a line that is none of its"),
        (
            BEGIN + "sys.stdout.buffer.write(b'\\xff\\xfe\\n'); sys.stdout.flush()",
            "The engine sent a line that is none",
        ),
        (BEGIN + "os.kill(os.getpid(), signal.SIGKILL)", "The engine has ended: it was killed (signal 9)"),
        (
            BEGIN + "print('{\"id\":1,\"it', end='', flush=True); os.kill(os.getpid(), signal.SIGKILL)",
            "The engine has ended: it was killed (signal 9)",
        ),
        (
            BEGIN + "print('{\"id\":1,\"item\":' + '[' * 200_000, flush=True)",
            "The engine sent a line that is none of its",
        ),
        (
            BEGIN + 'print(\'{"id":null,"error":{"code":2,"message":"What?"}}\', flush=True); sys.stdin.read()',
            "The engine did not understand this program: What?",
        ),
    ],
)
def test_bad_engines_are_a_sentence(script: str, words: str) -> None:
    assert asyncio.run(why(script)).startswith(words)


@on_asyncio
async def test_an_engine_that_says_nothing_is_a_sentence() -> None:
    client = Client(serve=(sys.executable, "-c", "import sys; sys.stdin.read()"), silence_s=0)
    with pytest.raises(EngineGone, match="has said nothing for 0 seconds"):
        await client.start()
    with pytest.raises(EngineGone, match="has said nothing"):
        await all_of(client.ask("late", dict))
    await client.close()


NOISE = (
    BEGIN
    + """
def say(**line):
    print(json.dumps(line), flush=True)

for line in sys.stdin:
    id = json.loads(line).get("id")
    if id is None:
        continue
    say(id=99, item={"to": "nobody"})
    say(id=id, what="is not known", item={"at": 1, "more": "x" * 10_000_000})
    say(what="is not known")
    say(id=id, done={"n": 1})
    say(id=id, item={"at": 2})
    say(id=id, done={"n": 2})
    say(id=id, error={"code": 1, "message": "late"})
"""
)


@on_asyncio
async def test_what_an_engine_says_besides_is_left_aside() -> None:
    """Fields and ids that are not known, a line of ten megabytes, and whatever comes after the end."""
    async with engine(NOISE) as client:
        await client.start()
        for _ in range(2):
            asked = client.ask("a", dict)
            [item] = await all_of(asked)
            assert (item["at"], len(item["more"]), asked.done) == (1, 10_000_000, {"n": 1})


@on_asyncio
async def test_a_request_that_is_too_long_is_refused_and_hinders_no_other() -> None:
    async with engine(ECHO) as client:
        await client.start()
        with pytest.raises(Refused, match="more than the 1,048,576 bytes"):
            await all_of(client.ask("all", dict, ids=["x" * 100] * 20_000))
        assert await all_of(client.ask("few", dict, odd="\udce9")) == ({"at": 0},)


@on_asyncio
async def test_what_is_no_passphrase_is_not_sent() -> None:
    """More than a pipe holds would stand still until somebody reads, and a second line answer the next question."""
    async with engine(ECHO) as client:
        with pytest.raises(EngineGone):
            client.give_secret("early")
        await client.start()
        for bad in ("x" * 100_000, "one\ntwo"):
            with pytest.raises(YesterError, match="is one line of at most"):
                client.give_secret(bad)
        client.give_secret("\udce9")
        with pytest.raises(EngineGone):
            await all_of(client.ask("end", dict, end=True))
        with pytest.raises(EngineGone, match="has ended"):
            client.give_secret("late")


@on_asyncio
async def test_an_engine_that_is_not_there_is_a_sentence() -> None:
    client = Client(serve=("/nowhere/yester",))
    with pytest.raises(EngineGone, match="cannot be started"):
        await client.start()
    await client.close()


@on_asyncio
async def test_items_of_another_form_are_a_sentence() -> None:
    async with engine(ECHO) as client:
        await client.start()
        with pytest.raises(EngineGone, match="something else than was asked"):
            await all_of(client.ask("a", list[int]))


@on_asyncio
async def test_a_passphrase_goes_by_a_descriptor() -> None:
    script = BEGIN.replace("import", "import select,") + (
        "said = os.read(int(sys.argv[2]), 99).decode()\n"
        "print(json.dumps({'id': 1, 'item': {'said': said}}), flush=True)\n"
        "print(json.dumps({'id': 1, 'done': {}}), flush=True)\nsys.stdin.read()"
    )
    async with engine(script) as client:
        await client.start()
        client.give_secret("kräftig")
        assert await all_of(client.ask("unlock", dict)) == ({"said": "kräftig\n"},)


@on_asyncio
async def test_the_engine_ends_when_the_client_closes() -> None:
    async with engine(ECHO) as client:
        await client.start()
        pid = client.pid
        await client.close()
        with pytest.raises(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
