"""The recovery key of a new repository: shown once, and not left before somebody has it."""

import os
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input

from yester.tui.dialogs.dialog import Dialog
from yester.tui.state.text import Line, Span, line
from yester.tui.widgets.box import Box
from yester.tui.widgets.panel import Panel


class RecoveryKey(Dialog[bool]):
    """Copies it, saves it, and asks for its end: whoever types that has it before his eyes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave"),
        Binding("ctrl+y", "copy", "copy"),
        Binding("ctrl+s", "save", "save"),
    ]

    def __init__(self, key: str, name: str) -> None:
        super().__init__()
        self._key, self._name = key, name
        self._said: list[Line] = []
        self._is_warned = False

    @property
    def _end(self) -> str:
        return self._key.rpartition("-")[2]

    def compose(self) -> ComposeResult:
        """The key, where to type, what can be done."""
        with Vertical(classes="dialog"):
            yield Panel(id="question")
            yield Box(placeholder="the last group of the key", id="end", compact=True)
            yield Panel(id="said")
            with Horizontal(classes="buttons"):
                yield Button("Copy  ctrl+y", id="copy", compact=True)
                yield Button("Save to a file  ctrl+s", id="save", compact=True)
                yield Button("I have it", id="yes", variant="primary", compact=True)

    def on_mount(self) -> None:
        """Show it."""
        groups = self._key.split("-")
        half = (len(groups) + 1) // 2
        self.query_one("#question", Panel).show(
            [
                line(Span("The recovery key, shown this once", "strong")),
                line(""),
                line(Span("    " + "-".join(groups[:half]) + "-", "accent")),
                line(Span("    " + "-".join(groups[half:]), "accent")),
                line(""),
                line("It opens the repository when the passphrase is lost."),
                line("Keep it on paper, where no fire and no thief finds it."),
                line(""),
                line("Type its last group, as a proof that you have it:"),
            ]
        )
        self.query_one(Input).focus()

    def _say(self, words: str, is_bad: bool = False) -> None:
        self._said = [line(Span(words, "warn" if is_bad else "good"))]
        self.query_one("#said", Panel).show(self._said)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Do what the button says."""
        acts = {"copy": self.action_copy, "save": self.action_save, "yes": self._answer}
        acts[event.button.id or "yes"]()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answer."""
        self._answer()

    def _answer(self) -> None:
        typed = self.query_one(Input).value.strip().upper()
        if typed in (self._end.upper(), self._key.upper()):
            self.dismiss(True)
        else:
            self._say(
                "That is not its last group" if typed else "Type its last group, or save it to a file", is_bad=True
            )

    def action_copy(self) -> None:
        """Copy it, also through a terminal that is far away."""
        self.app.copy_to_clipboard(self._key)
        self._say("Copied, where the terminal can: paste it somewhere to see")

    def action_save(self) -> None:
        """Write it into a file that nobody else reads; then somebody has it."""
        path = Path.home() / f"yester-recovery-{self._name}.txt"
        try:
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w") as file:
                file.write(f"Recovery key of the repository of yester's profile {self._name}:\n\n{self._key}\n")
        except OSError as problem:
            self._say(f"{path} cannot be written: {problem.strerror}", is_bad=True)
            return
        self.query_one(Input).value = self._end
        self._say(f"Saved: {path}. Bring it to another place: the machine may be lost with it")

    def action_leave(self) -> None:
        """Leave without it, once that was said to be meant."""
        if self._is_warned:
            self.dismiss(False)
            return
        self._is_warned = True
        self._say("It is never shown again. Esc once more leaves; yester key recovery makes another", is_bad=True)
