"""The only part of the terminal program that does input and output: it starts `yester serve` and asks it.

Everything else asks an Engine, so tests play one that needs no process. An engine that dies, that speaks a newer
version or that sends what is no line of the protocol is an EngineGone, in a sentence; requests that wait get it too.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from typing import Any, Protocol, TypeVar

import msgspec

from yester.engine.errors import YesterError
from yester.tui.serve.protocol import MAX_LINE, VERSION, Failure, encode_line

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

SERVE = (sys.executable, "-P", "-m", "yester", "serve")
"""How the engine is started."""
LONGEST = 64 << 20
"""Bytes of a line that are read: asyncio's own limit is 64 KiB, and a journal may quote a longer path."""
_CANCELLED = 130
LONGEST_SECRET = 32 << 10
"""Bytes of a passphrase that are sent: what a pipe holds while nobody reads."""
SILENCE_S = 30.0
"""How long the engine may take to say that it is there."""
_PATIENCE_S = 8.0
"""How long the engine may take to end: plugins hear that the program ends."""
_LAST_WORDS_S = 1.0
"""How long is waited for what an engine that has ended complained of: what it started may hold its end open."""
_WAITING = 256
"""Items of one request that wait to be looked at; the engine waits while there are more."""


_UPGRADE = "Two versions of yester may be mixed: start it again."
_CLIPBOARD = "Is something else on the clipboard?"
_TOO_MUCH = Failure(2, f"That is more than the {MAX_LINE:,} bytes that a request may have", "Choose less at once.")


class Refused(YesterError):
    """A request failed; the words are those of the command line."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message, hint=failure.hint)
        self.failure = failure

    @property
    def is_cancelled(self) -> bool:
        """Whether it was given up, by this program or by an engine that ends."""
        return self.failure.code == _CANCELLED


class EngineGone(YesterError):
    """Nobody answers any more."""


class Engine(Protocol):
    """Answers requests (docs/serve.md)."""

    async def start(self) -> None:
        """Begin to answer. EngineGone: it cannot."""
        ...

    async def close(self) -> None:
        """Answer no more."""
        ...

    def ask(self, method: str, kind: type[T], **params: object) -> "Request[T]":
        """Send a request whose items are of this kind. EngineGone comes out of its use."""
        ...

    def give_secret(self, secret: str) -> None:
        """Put a passphrase where the next `repositories.unlock` finds it. YesterError: it is none. EngineGone."""
        ...


class Request(Protocol[T_co]):
    """A request that is being answered: an asynchronous iterator of its items. Refused, EngineGone."""

    done: Any
    """What `done` said, once all items were seen."""

    def __aiter__(self) -> AsyncIterator[T_co]: ...

    def cancel(self) -> None:
        """Say that the answer is wanted no more."""
        ...


async def all_of(request: Request[T]) -> tuple[T, ...]:
    """Return all items of a request. Refused, EngineGone."""
    return tuple([item async for item in request])


def printed(request: Request[Any], kind: type[T]) -> T:
    """Return what the command of a request that is done printed as JSON. YesterError: it is something else."""
    try:
        return msgspec.convert((request.done or {}).get("answer"), kind)
    except msgspec.ValidationError as problem:
        raise YesterError(f"The command answered something else than was asked: {problem}", hint=_UPGRADE) from None


class _Hello(msgspec.Struct, frozen=True):
    v: int
    program: str = ""


class _Answer(msgspec.Struct, frozen=True):
    """A line of the engine."""

    id: int | None = None
    command: str | None = None
    item: msgspec.Raw = msgspec.Raw(b"")
    done: msgspec.Raw = msgspec.Raw(b"")
    error: Failure | None = None


_hellos = msgspec.json.Decoder(_Hello)
_answers = msgspec.json.Decoder(_Answer)
_anything = msgspec.json.Decoder()
_NO_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def _decoded(decoder: msgspec.json.Decoder[T], part: msgspec.Raw) -> T:
    try:
        return decoder.decode(part)
    except _NO_JSON as problem:
        raise EngineGone(f"The engine answers something else than was asked: {problem}", hint=_UPGRADE) from None


class ServedRequest:
    """A Request to a process."""

    def __init__(self, client: "Client", id: int, kind: type[Any]) -> None:
        self.done: Any = None
        self._client, self._id = client, id
        self._decoder = msgspec.json.Decoder(kind)
        self.answers: asyncio.Queue[_Answer | EngineGone] = asyncio.Queue(_WAITING)
        self._is_over = False

    async def __aiter__(self) -> AsyncIterator[Any]:
        try:
            while not self._is_over:
                answer = await self._next()
                if answer.error is not None:
                    raise Refused(answer.error)
                if bytes(answer.done):
                    self.done = _decoded(_anything, answer.done)
                    return
                if bytes(answer.item):
                    yield _decoded(self._decoder, answer.item)
        finally:
            self._is_over = True
            self._client.leave(self._id)

    async def _next(self) -> _Answer:
        gone = self._client.is_gone
        answer = gone if gone is not None and self.answers.empty() else await self.answers.get()
        if isinstance(answer, EngineGone):
            raise answer
        return answer

    def cancel(self) -> None:
        """Say that the answer is wanted no more; the iteration ends with Refused."""
        self._client.send_cancel(self._id)


def _ending(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"it was killed (signal {-code})"


class Client:
    """One engine of one's own."""

    def __init__(
        self,
        command_run: Callable[[str], None] = lambda words: None,
        serve: Sequence[str] = SERVE,
        silence_s: float = SILENCE_S,
    ) -> None:
        """`command_run` hears of each command that a request is."""
        self._command_run, self._silence_s = command_run, silence_s
        self._serve = serve
        self._process: asyncio.subprocess.Process | None = None
        self._requests: dict[int, ServedRequest] = {}
        self._early: list[bytes] = []
        self._number = 0
        self.is_gone: EngineGone | None = None
        """Why nobody answers any more; None while somebody does."""
        self._tasks: list[asyncio.Task[None]] = []
        self._secrets = -1
        self._said = bytearray()

    async def start(self) -> None:
        """Start the engine and wait for its first line. EngineGone: it does not come up."""
        try:
            await self._begin()
        except EngineGone as gone:
            self._end(gone)
            raise

    async def _begin(self) -> None:
        reading, self._secrets = os.pipe()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._serve, "--secrets-fd", str(reading),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=LONGEST,
                pass_fds=(reading,),
                start_new_session=True,
            )  # fmt: skip
        except OSError as problem:
            raise EngineGone(f"The engine cannot be started: {problem}", hint=_UPGRADE) from None
        finally:
            os.close(reading)
        self._tasks.append(asyncio.create_task(self._hear_complaints()))
        try:
            hello = _hellos.decode(await asyncio.wait_for(self._line(), self._silence_s))
        except TimeoutError:
            raise EngineGone(f"The engine has said nothing for {self._silence_s:g} seconds", hint=_UPGRADE) from None
        except _NO_JSON:
            raise EngineGone("The engine says something else than it should", hint=_UPGRADE) from None
        if hello.v > VERSION:
            raise EngineGone(f"The engine is newer than this program: {hello.program}", hint=_UPGRADE)
        self._tasks.append(asyncio.create_task(self._read()))
        for line in self._early:
            self._write(line)
        self._early.clear()

    def ask(self, method: str, kind: type[T], **params: object) -> Request[T]:
        """Send a request; before the engine is up it waits."""
        self._number += 1
        request = ServedRequest(self, self._number, kind)
        line = encode_line(id=self._number, method=method, params=params)
        if len(line) > MAX_LINE:  # the engine would not read it, nor know whose it is
            request.answers.put_nowait(_Answer(error=_TOO_MUCH))
        elif self.is_gone is None:
            self._requests[self._number] = request
            self._write(line)
        return request

    def send_cancel(self, id: int) -> None:
        """Say that an answer is wanted no more."""
        self._write(encode_line(cancel=id))

    def leave(self, id: int) -> None:
        """Forget a request; one that is still answered is cancelled."""
        request = self._requests.pop(id, None)
        if request is None:
            return
        while not request.answers.empty():  # whoever puts there waits for room, and all others behind him
            request.answers.get_nowait()
        if self.is_gone is None:
            self.send_cancel(id)

    def give_secret(self, secret: str) -> None:
        """Put a passphrase where the next `repositories.unlock` finds it. YesterError: it is none. EngineGone."""
        line = secret.encode("utf-8", "surrogateescape") + b"\n"
        if len(line) > LONGEST_SECRET or line.count(b"\n") > 1:
            raise YesterError(
                f"A passphrase is one line of at most {LONGEST_SECRET:,} bytes",
                hint=_CLIPBOARD,
            )
        try:
            os.write(self._secrets, line)
        except OSError:
            raise self.is_gone or EngineGone("The engine is not there", hint=_UPGRADE) from None

    @property
    def pid(self) -> int:
        """The engine's process; 0 while there is none."""
        return self._process.pid if self._process is not None else 0

    async def close(self) -> None:
        """Let the engine end and wait for it; one that does not is left to itself."""
        process, secrets, self._secrets = self._process, self._secrets, -1
        if process is not None:
            if process.stdin is not None:
                process.stdin.close()
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), _PATIENCE_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if secrets >= 0:
            os.close(secrets)

    def _write(self, line: bytes) -> None:
        if self._process is None or self._process.stdin is None:
            self._early.append(line)
        elif not self._process.stdin.is_closing():
            self._process.stdin.write(line)

    async def _line(self) -> bytes:
        assert self._process is not None
        assert self._process.stdout is not None
        try:
            line = await self._process.stdout.readline()
        except ValueError:
            raise EngineGone(f"The engine sent a line of more than {LONGEST:,} bytes", hint=_UPGRADE) from None
        if not line.endswith(b"\n"):  # it was cut off in the midst of one, or between two
            raise EngineGone(await self._last_words(), hint="Runs go on without it: start yester again.")
        return line

    async def _last_words(self) -> str:
        assert self._process is not None
        code = await self._process.wait()
        await asyncio.wait(self._tasks[:1], timeout=_LAST_WORDS_S)  # what it complained of may still be on its way
        said = self._said.decode("utf-8", "backslashreplace").strip().splitlines()
        why = said[-1].removeprefix("yester: ") if said else _ending(code)
        return f"The engine has ended: {why}"

    async def _read(self) -> None:
        try:
            while True:
                await self._take(await self._line())
        except EngineGone as gone:
            self._end(gone)

    def _end(self, gone: EngineGone) -> None:
        """Tell those who wait that nobody answers any more."""
        self.is_gone = gone
        requests, self._requests = self._requests, {}
        for request in requests.values():
            if request.answers.empty():  # else it is looked at, and then nobody waits for more
                request.answers.put_nowait(gone)

    async def _take(self, line: bytes) -> None:
        try:
            answer = _answers.decode(line)
        except _NO_JSON:
            raise EngineGone("The engine sent a line that is none of its protocol", hint=_UPGRADE) from None
        if answer.command is not None:
            self._command_run(answer.command)
            return
        if answer.id is None and answer.error is not None:  # nobody knows which request is not answered now
            raise EngineGone(f"The engine did not understand this program: {answer.error.message}", hint=_UPGRADE)
        request = self._requests.get(answer.id) if answer.id is not None else None
        if request is None:
            return
        if bytes(answer.done) or answer.error is not None:
            del self._requests[answer.id or 0]
        await request.answers.put(answer)

    async def _hear_complaints(self) -> None:
        """Read what the engine complains of, and keep the end of it for when it dies."""
        assert self._process is not None
        assert self._process.stderr is not None
        while piece := await self._process.stderr.read(4096):
            self._said = (self._said + piece)[-4096:]
