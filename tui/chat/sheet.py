"""The options of a chat as a sheet at the right: model, system prompt, how tokens are chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, Input, Label, Select, Static, TextArea

from launcher.chat import options
from launcher.chat.options import OPTIONS
from launcher.chat.settings import ChatSettings
from launcher.serving.parts import Model
from launcher.text import clean, clean_line
from styles.themes import palette
from tui.chat.commands import described
from tui.chat.dialog import ChatDialog

if TYPE_CHECKING:
    from textual.app import ComposeResult

_FIELDS = tuple(option for option in OPTIONS if option.field != "system")
_SYSTEM = next(option for option in OPTIONS if option.field == "system")


class OptionsSheet(ChatDialog[ChatSettings | None]):
    """Dismissed with the settings, or None when they stay. What is typed wrong stays in its field, and is told."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave"),
        Binding("ctrl+s", "apply", "Apply", priority=True),
    ]

    def __init__(self, settings: ChatSettings, models: Sequence[Model]) -> None:
        super().__init__()
        self.settings = settings
        self.models = tuple(models)
        self._problems: dict[str, str] = {}
        """By field: what is wrong with it."""
        self._refused: dict[str, str] = {}
        """What was typed then: the problem is told while it still stands there."""

    def compose(self) -> ComposeResult:
        with Vertical(id="sheet") as sheet:
            sheet.border_title = Text("Options of the chat")
            sheet.border_subtitle = "ctrl+s apply · esc leave"
            with VerticalScroll(id="sheet-fields", can_focus=False):
                yield Label("Model", classes="sheet-label")
                yield self._model_field()
                yield Label("System prompt", classes="sheet-label")
                yield TextArea(
                    self.settings.system or "", id="option-system", compact=True, tab_behavior="focus",
                    highlight_cursor_line=False, placeholder="none",
                )  # fmt: skip
                for option in _FIELDS:
                    with Horizontal(classes="sheet-row"):
                        yield Label(option.label, classes="sheet-name")
                        yield Input(
                            options.written(self.settings, option), f"{option.range} (empty: default)", compact=True,
                            id=f"option-{option.field}", classes="sheet-field",
                        )  # fmt: skip
            yield Static(id="sheet-says", markup=False)
            with Horizontal(id="sheet-buttons"):
                yield Button("Apply (ctrl+s)", id="sheet-apply", variant="primary", compact=True)
                yield Button("Leave (esc)", id="sheet-leave", compact=True)

    def _model_field(self) -> Select[str]:
        known = [(Text(described(model)), model.id) for model in self.models]
        chosen = self.settings.model
        if chosen is not None and chosen not in (model.id for model in self.models):
            known.append((Text(f"{clean_line(chosen)} (not listed by the server)"), chosen))
        return Select(
            known, prompt="the first that is served", id="option-model", compact=True,
            value=chosen if chosen is not None else Select.NULL,
        )  # fmt: skip

    def on_mount(self) -> None:
        self.query_one("#option-system").focus()

    def on_descendant_focus(self) -> None:
        self._describe()

    def typed(self) -> dict[str, str]:
        """What stands in the fields now, by the name of the option."""
        found = {option.field: self.query_one(f"#option-{option.field}", Input).value for option in _FIELDS}
        return {**found, "system": clean(self.query_one("#option-system", TextArea).text)}

    def action_leave(self) -> None:
        """Change nothing."""
        self.dismiss(None)

    def action_apply(self) -> None:
        """Take what is typed, or say what is wrong with it."""
        chosen = self.query_one("#option-model", Select).value
        typed = self.typed()
        settings, problems = read(self.settings, typed)
        if not problems:
            self.dismiss(replace(settings, model=chosen if isinstance(chosen, str) else None))
            return
        self._problems, self._refused = problems, typed
        self.query_one(f"#option-{next(iter(problems))}").focus()
        self._describe()

    def _describe(self) -> None:
        """What is wrong with the field under the cursor, else what it is for."""
        name = ((self.focused.id if self.focused else None) or "").removeprefix("option-")
        if name in self._problems and self.typed()[name] == self._refused[name]:
            self._say(self._problems[name], wrong=True)
            return
        option = next((option for option in OPTIONS if option.field == name), None)
        self._say(f"{option.label}: {option.help}." if option is not None else "")

    def _say(self, text: str, *, wrong: bool = False) -> None:
        colours = palette(self.app.theme)
        self.query_one("#sheet-says", Static).update(Text(text, colours.bad if wrong else colours.muted))

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._describe()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_apply()

    @on(Button.Pressed, "#sheet-apply")
    def _applied(self, event: Button.Pressed) -> None:
        event.stop()
        self.action_apply()

    @on(Button.Pressed, "#sheet-leave")
    def _left(self, event: Button.Pressed) -> None:
        event.stop()
        self.dismiss(None)


def read(settings: ChatSettings, typed: dict[str, str]) -> tuple[ChatSettings, dict[str, str]]:
    """The settings that were typed, and by field what is wrong with it (the settings have the old value there)."""
    problems: dict[str, str] = {}
    for option in (*_FIELDS, _SYSTEM):
        try:
            settings = options.change(settings, option, typed[option.field])
        except options.Wrong as wrong:
            problems[option.field] = f"{option.label} needs {wrong}."
    return settings, problems
