"""How a piece of work ended, put together from the events that a plugin hears; pure.

A run that came as far as its begin is told of by `run.end`, with the error that came before it. One that did not, since
its disk is not there, is told of by an error alone; and a run that another plugin stopped ends first and says why
after that. What fails when the snapshot is there already is told as well.
"""

from dataclasses import dataclass

from yester.engine.events import CheckEnd, Error, ErrorCode, Event, Message, Result, RunBegin, RunEnd
from yester.engine.notifying import BAD, WORDS
from yester.plugins.native import Occasion

ACTIONS = frozenset({"snap", "check", "prune"})
"""Commands that work while nobody looks on. What happens in the others a person sees."""
MOST_SAID = 20
"""Warnings and errors that are kept word for word."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run, a check or a prune ended. All texts are one line each, and harmless where they are shown."""

    action: str
    profile: str
    """Empty when it was about no profile."""
    repository: str
    run: str
    result: Result
    exit_code: int
    text: str
    """A sentence without its full stop."""
    hint: str = ""
    end: RunEnd | None = None
    said: tuple[str, ...] = ()
    """The first warnings and errors."""
    more: int = 0
    """How many more of these there were."""

    @property
    def is_bad(self) -> bool:
        """Whether a person should look into it. A source that is gone or has shrunk is no good backup either."""
        return self.result in BAD or (self.end is not None and bool(self.end.suspicions))

    @property
    def name(self) -> str:
        """What it was about."""
        return self.profile or self.repository or self.action


def one_line(text: str) -> str:
    """Return text in which everything that is not to be seen is an escape."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in text.strip()
    )


class Story:
    """What was heard of one command so far."""

    def __init__(self, occasion: Occasion) -> None:
        self._occasion = occasion
        self._begin: RunBegin | None = None
        self._error: Error | None = None
        self._end: RunEnd | None = None
        self._said: list[str] = []
        self._more = 0

    def tell(self, event: Event) -> Ending | None:
        """Take the next event; return the ending when it is known. Dry runs have none."""
        match event:
            case RunBegin():
                self._begin = event
            case Message(level="warning" | "error"):
                self._keep(event)
            case Error() if event.code != ErrorCode.WITH_ERRORS:
                self._error = event
                if self._begin is None or self._end is not None:
                    return self._failed(event)
            case RunEnd():
                self._end = event
                if event.result != "failed" or self._error is not None:
                    return self._ended(event)
            case CheckEnd():
                return self._checked(event)
        return None

    def _keep(self, message: Message) -> None:
        about = f"{message.path}: " if message.path else ""
        source = f"{message.source}: " if message.source != "yester" else ""
        if len(self._said) < MOST_SAID:
            self._said.append(one_line(f"{source}{about}{message.text}"))
        else:
            self._more += 1

    def _failed(self, error: Error) -> Ending | None:
        """Return the end of what failed before it had begun, or was stopped. Another run at work is no failure."""
        if self._occasion.action not in ACTIONS or (self._begin is not None and self._begin.dry_run):
            return None
        if error.code == ErrorCode.ALREADY_RUNNING:
            return self._ending("skipped", 1, error.text, error.hint)
        return self._ending("failed", 1, self._words_of_failure(error), error.hint)

    def _words_of_failure(self, error: Error) -> str:
        what = "run" if self._occasion.action == "snap" else self._occasion.action
        return f"The {what} failed: {error.text}"

    def _ended(self, end: RunEnd) -> Ending | None:
        if end.result == "dry-run" or (self._begin is not None and self._begin.dry_run):
            return None
        text, hint = WORDS.get(end.result, end.result), ""
        if end.result == "failed" and self._error is not None:
            text, hint = self._words_of_failure(self._error), self._error.hint
        return self._ending(end.result, end.exit_code, text, hint, end)

    def _checked(self, end: CheckEnd) -> Ending:
        if not end.problems:
            return self._ending("complete", 0, "The check found nothing wrong")
        found = f"The check found {end.problems:,} problem{'' if end.problems == 1 else 's'}"
        return self._ending("errors", 1, found, "To see them all, and what to do: yester check")

    def _ending(self, result: Result, exit_code: int, text: str, hint: str = "", end: RunEnd | None = None) -> Ending:
        about, begin = self._occasion, self._begin
        return Ending(
            about.action or "snap",
            one_line(begin.profile if begin is not None else about.profile),
            one_line(begin.repository if begin is not None else about.repository),
            begin.run if begin is not None else about.run,
            result,
            exit_code,
            one_line(text),
            one_line(hint),
            end,
            tuple(self._said),
            self._more,
        )
