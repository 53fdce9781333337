"""How the program looks and answers: colours, keys, signs and motion, as settings, environment and person want them."""

from typing import TYPE_CHECKING

from textual.widget import Widget

from yester.engine.errors import YesterError
from yester.engine.places import Places
from yester.tui.keys import changed_keys
from yester.tui.settings import change_settings
from yester.tui.state.looks import choices
from yester.tui.themes import DARK

if TYPE_CHECKING:
    from yester.tui.app import TerminalProgram


class Looks:
    """Lets a program look as its settings say."""

    def __init__(self, program: "TerminalProgram") -> None:
        self._program = program

    def begin(self, theme_named: str = "", motion_named: str = "") -> None:
        """Look as the settings say; what the environment names goes before them, for this once."""
        program = self._program
        settings = program.settings
        wished = f"{theme_named},{settings.theme},{DARK.name}".replace(" ", "").split(",")
        program.theme = next(filter(program.available_themes.__contains__, wished))
        if settings.theme not in program.available_themes:
            program.say(f"There is no theme {settings.theme}", f"{program.key_of('app.looks')} shows which there are.")
        if not motion_named:
            program.animation_level = settings.motion
        program.set_keymap(changed_keys(settings.preset, settings.keys))

    def choose(self) -> None:
        """Let a person choose; each choice is seen at once, and kept."""
        from yester.tui.dialogs.looks import Looks as Dialog

        program = self._program
        themes = sorted((name, theme.dark) for name, theme in program.available_themes.items())
        if not isinstance(program.screen, Dialog):
            take = lambda choice: self._change(choice.name, choice.value)  # noqa: E731
            program.push_screen(Dialog(choices(themes), self._current, take, lambda: program.settings.signs))

    def _current(self) -> dict[str, str]:
        program = self._program
        return {
            "theme": program.theme,
            "preset": program.settings.preset,
            "glyphs": program.settings.glyphs,
            "motion": "none" if program.animation_level == "none" else "full",
        }

    def _change(self, name: str, value: str) -> None:
        """Let one of the settings be otherwise, now and when the program is opened again."""
        program = self._program
        try:
            program.settings = change_settings(Places.default().config, {name: value})
        except YesterError as problem:
            program.say(problem.what, problem.hint, is_bad=True)
            return
        program.ran(f"yester tui --set {name}={value}")
        self.begin()
        for screen in program.screen_stack:
            for each in screen.walk_children(Widget, with_self=True):
                each.notify_style_update()  # what is drawn already has the signs of before
                each.refresh()
        program.redraw()
