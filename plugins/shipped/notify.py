"""Shows on the desktop how runs end, and what is said meanwhile."""

from collections.abc import Mapping
from typing import ClassVar

from yester.engine.errors import UsageError, YesterError
from yester.engine.events import Message
from yester.engine.notifying import show
from yester.plugins.native import Option, action
from yester.plugins.shipped.endings import Ending, one_line
from yester.plugins.shipped.telling import Teller

_MOST = 5
"""Messages of one run that are shown."""


class Notify(Teller):
    """Show on the desktop how backups end."""

    option_spec: ClassVar[Mapping[str, Option]] = {
        "when": Option("option", "failure", "Which ends are shown.", choices=("always", "failure", "never")),
        "levels": Option("list", [], "Messages that are shown as they come: `error`, `warning`, `info`."),
        "stay": Option("integer", -1, "Seconds that it stays; -1: as the desktop likes."),
    }

    def __init__(self) -> None:
        super().__init__()
        for level in self.options["levels"]:
            if level not in ("error", "warning", "info"):
                raise UsageError(f"levels are error, warning and info, not {level!r}")
        self._shown = 0

    def on_message(self, event: Message) -> None:
        """Show a message, up to a point."""
        super().on_message(event)
        if event.level not in self.options["levels"] or self._shown > _MOST:
            return
        self._shown += 1
        text = f"{event.path}: {event.text}" if event.path else event.text
        title = event.profile or self.occasion.profile or event.source
        self._show(title, text if self._shown <= _MOST else "There is more: yester messages", event.level == "error")

    def told(self, ending: Ending) -> None:
        """Show how it ended."""
        when = self.options["when"]
        if when == "always" or (when == "failure" and ending.is_bad):
            hint = f"\n{ending.hint}" if ending.hint else ""
            suspicions = "".join(f"\n{one_line(each)}" for each in (ending.end.suspicions if ending.end else ()))
            self._show(ending.name, f"{ending.text}{suspicions}{hint}", ending.is_bad)

    @action("try", "Show something now")
    def try_it(self, options: dict[str, str]) -> str:
        """Show that it works."""
        problem = show("yester", "This is what it looks like", "normal", self.options["stay"])
        return problem or "it was shown, if there is a desktop"

    def _show(self, title: str, text: str, is_bad: bool) -> None:
        try:
            problem = show(f"yester: {one_line(title)}", text, "critical" if is_bad else "low", self.options["stay"])
        except YesterError as hangs:
            problem, self._shown = hangs.what, _MOST + 1
        if problem:
            self.say(f"Nothing was shown: {problem}", "warning", "try")
