"""The dialog for the goals of a run: a limit and a share for each of the three times."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, Label, Static

from launcher.metrics.goals import TITLES, Goal
from launcher.text import clean_line
from styles.themes import palette
from tui.render import goal_form
from tui.render.goal_form import Typed
from tui.screens.dialog import Dialog

if TYPE_CHECKING:
    from textual.app import ComposeResult

_ABOUT = {"ttft": "first token", "itl": "between tokens", "e2e": "whole request"}


class GoalsScreen(Dialog[tuple[Goal, ...] | None]):
    """Dismissed with the goals, or None when they are to stay as they are. What is typed wrong stays, and is told."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave"),
        Binding("down", "app.focus_next", "Next field", show=False),
        Binding("up", "app.focus_previous", "Field before", show=False),
    ]

    def __init__(self, name: str, goals: tuple[Goal, ...]) -> None:
        super().__init__()
        self.run_name = name
        self.goals = goals

    def compose(self) -> ComposeResult:
        fields = goal_form.typed(self.goals)
        with Vertical(id="window", classes="-goals") as window:
            window.border_title = Text(f"Goals of {clean_line(self.run_name)}")
            window.border_subtitle = "enter save · esc leave"
            yield Static("The time within which, and how often. An empty limit: no goal.", id="goals-hint")
            for key, title in TITLES.items():
                with Horizontal(classes="goals-row"):
                    yield Label(Text.assemble((f"{title:<5}", "bold"), _ABOUT[key]), classes="goals-label")
                    yield Input(fields[key].limit, "500ms", compact=True, id=f"limit-{key}", classes="goals-field")
                    yield Input(fields[key].share, "95%", compact=True, id=f"share-{key}", classes="goals-share")
            yield Static(id="goals-says")
            with Horizontal(id="window-buttons"):
                yield Button("Save (enter)", id="goals-save", variant="primary", compact=True)
                yield Button("Leave (esc)", id="goals-leave", compact=True)

    def on_mount(self) -> None:
        self.query_one("#limit-ttft").focus()

    def typed(self) -> dict[str, Typed]:
        """What stands in the fields now."""
        return {
            key: Typed(self.query_one(f"#limit-{key}", Input).value, self.query_one(f"#share-{key}", Input).value)
            for key in TITLES
        }

    def action_leave(self) -> None:
        """Change nothing."""
        self.dismiss(None)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._say({})

    @on(Input.Submitted)
    @on(Button.Pressed, "#goals-save")
    def _save(self, event: Input.Submitted | Button.Pressed) -> None:
        event.stop()
        goals, problems = goal_form.read(self.typed())
        if not problems:
            self.dismiss(goals)
            return
        self._say(problems)
        key = next(iter(problems))
        self.query_one(f"#{'share' if 'share' in problems[key] else 'limit'}-{key}").focus()

    @on(Button.Pressed, "#goals-leave")
    def _left(self, event: Button.Pressed) -> None:
        event.stop()
        self.dismiss(None)

    def _say(self, problems: dict[str, str]) -> None:
        self.query_one("#goals-says", Static).update(Text("\n".join(problems.values()), palette(self.app.theme).bad))
