"""The dialog of a new benchmark: what is sent, how fast, by whom; the exact command below."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ScreenResultType
from textual.widgets import Button, Input, Label, Select, Static

import styles
from launcher.bench.plan import Plan
from launcher.text import clean, clean_line
from styles.themes import palette
from tui import format as words
from tui.bench import form
from tui.bench.form import FIELDS, Field
from tui.screens.dialog import Dialog

if TYPE_CHECKING:
    from textual.app import ComposeResult

_FOLDER = os.path.dirname(os.path.abspath(styles.__file__))
_SHEETS = [os.path.join(_FOLDER, name) for name in ("dialogs.tcss", "bench_dialogs.tcss")]


_PAUSE_S = 0.2


class BenchWindow(Dialog[ScreenResultType]):
    """A window of the benchmarks, with their style sheet beside that of all windows."""

    CSS_PATH: ClassVar[list[str]] = _SHEETS  # type: ignore[assignment]


class BenchDialog(BenchWindow[Plan | None]):
    """Dismissed with the plan to start, or None. What is typed wrong stays in its field, and is told."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave"),
        Binding("ctrl+s", "start", "Start", priority=True),
        Binding("down", "app.focus_next", "Next field", show=False),
        Binding("up", "app.focus_previous", "Field before", show=False),
    ]

    def __init__(self, name: str, plan: Plan, command: Callable[[Plan], str], note: str = "") -> None:
        """``command``: the command line of a plan, or why there is none. ``note``: a warning about the server now."""
        super().__init__()
        self.run_name = name
        self.plan = plan
        self.note = note
        self._command = command

    def compose(self) -> ComposeResult:
        fields = form.typed(self.plan)
        with Vertical(id="window", classes="-bench") as window:
            window.border_title = Text(f"Measure {clean_line(self.run_name)}")
            window.border_subtitle = "ctrl+s start · esc leave"
            with VerticalScroll(id="bench-fields", can_focus=False):
                for field in FIELDS:
                    with Horizontal(classes="bench-row"):
                        yield Label(field.label, classes="bench-label")
                        yield self._field(field, fields[field.key])
            yield Static(id="bench-says", markup=False)
            with VerticalScroll(id="bench-command-box", can_focus=False):
                yield Static(id="bench-command", markup=False)
            with Horizontal(id="window-buttons"):
                yield Button("Start (ctrl+s)", id="bench-start", variant="primary", compact=True)
                yield Button("Leave (esc)", id="bench-leave", compact=True)

    def _field(self, field: Field, value: str) -> Input | Select[str]:
        if field.choices:
            choices = [(Text(choice), choice) for choice in field.choices]
            return Select(choices, value=value, allow_blank=False, compact=True, id=f"bench-{field.key}")
        return Input(value, field.hint, compact=True, id=f"bench-{field.key}", classes="bench-field")

    def on_mount(self) -> None:
        self.query_one("#bench-prompts").focus()
        self._look()

    def typed(self) -> dict[str, str]:
        """What stands in the fields now."""
        found: dict[str, str] = {}
        for field in FIELDS:
            widget = self.query_one(f"#bench-{field.key}")
            found[field.key] = str(widget.value) if isinstance(widget, Input | Select) else ""
        return found

    def action_leave(self) -> None:
        """Start nothing."""
        self.dismiss(None)

    def action_start(self) -> None:
        """Start what is typed, or say what is wrong with it."""
        plan, problems = form.read(self.typed(), self.plan)
        if plan is not None:
            self.dismiss(plan)
            return
        key = next(iter(problems))
        for widget in self.query(f"#bench-{key}"):
            widget.focus()
        self._say("\n".join(f"{_label(key)}: {clean_line(said)}" for key, said in problems.items()), wrong=True)

    @on(Input.Changed)
    @on(Select.Changed)
    def _changed(self, event: Input.Changed | Select.Changed) -> None:
        event.stop()
        self._look()

    def on_descendant_focus(self) -> None:
        self._look()

    def _look(self) -> None:
        """Look at what is typed when nobody has typed for a moment: a file may have to be read for it."""
        self.run_worker(self._looked, group="bench-look", exclusive=True, exit_on_error=False)  # type: ignore[arg-type]

    async def _looked(self) -> None:
        """What the field is for, the command of the plan, how long it takes."""
        await asyncio.sleep(_PAUSE_S)
        plan, problems = await asyncio.to_thread(form.read, self.typed(), self.plan)
        command = clean(await asyncio.to_thread(self._command, plan)) if plan is not None else ""
        name = ((self.focused.id if self.focused else None) or "").removeprefix("bench-")
        field = next((field for field in FIELDS if field.key == name), None)
        if name in problems:
            self._say(f"{_label(name)}: {clean_line(problems[name])}", wrong=True)
        else:
            hint = f"{field.label}: {field.hint}." if field is not None else ""
            self._say(self.note or hint, wrong=bool(self.note))
        took = form.duration_s(plan) if plan is not None else None
        count = len(plan.loads) if plan is not None else 0
        about = f"{count} load{'s' if count > 1 else ''}, about {words.duration(took)} of requests\n" if took else ""
        self.query_one("#bench-command", Static).update(Text(about + command, palette(self.app.theme).muted))

    def _say(self, text: str, *, wrong: bool = False) -> None:
        colours = palette(self.app.theme)
        self.query_one("#bench-says", Static).update(Text(text, colours.bad if wrong else colours.muted))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_start()

    @on(Button.Pressed, "#bench-start")
    def _started(self, event: Button.Pressed) -> None:
        event.stop()
        self.action_start()

    @on(Button.Pressed, "#bench-leave")
    def _left(self, event: Button.Pressed) -> None:
        event.stop()
        self.dismiss(None)


def _label(key: str) -> str:
    return next((field.label for field in FIELDS if field.key == key), key)
