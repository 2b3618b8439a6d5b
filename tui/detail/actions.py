"""The actions of the detail panes: rows for the one table of actions, and the Textual bindings made from them."""

from __future__ import annotations

from textual.binding import BindingType

from tui.actions import Action, Scope
from tui.actions import bindings as table_bindings

DETAIL_ACTIONS: tuple[Action, ...] = (
    Action("copy_command", "c", "Copy command", "Copy the exact command of the run.", "overview"),
    Action("window_shorter", "left_square_bracket", "Shorter", "Show a shorter window (24h … 1m).", "metrics"),
    Action("window_longer", "right_square_bracket", "Longer", "Show a longer window (1m … 24h).", "metrics"),
    Action("pause", "p", "Pause", "Hold the charts still; press again to go on.", "metrics"),
    Action("follow", "s", "Follow", "Follow the end of the log, or stay where you are.", "logs"),
    Action("wrap", "w", "Wrap", "Wrap long lines, or cut them at the right border.", "logs"),
    Action("timestamps", "t", "Times", "Show or hide the time of each line.", "logs"),
    Action("filter", "slash", "Filter", "Show the lines that match an expression (! in front: that do not).", "logs"),
    Action("copy_lines", "c", "Copy", "Copy the selected text, or else the lines on the screen.", "logs"),
    Action("full_screen", "f", "Full screen", "Give the log the whole screen, or take it back.", "logs"),
    Action("top", "g", "Top", "Go to the oldest line.", "logs", footer=False),
    Action("bottom", "G", "End", "Go to the newest line and follow it.", "logs", footer=False),
    Action("interrupt", "escape", "Stop answer", "Stop the answer that comes; else leave the prompt.", "chat"),
    Action("write_prompt", "i", "Write", "Go to the prompt.", "chat"),
    Action("copy_answer", "c", "Copy answer", "Copy the last answer.", "chat", footer=False),
    Action("copy_event", "c", "Copy", "Copy the event under the cursor.", "events"),
)


def bindings(scope: Scope) -> list[BindingType]:
    """The Textual bindings of one pane, in the order of the table."""
    return [*table_bindings(scope, actions=DETAIL_ACTIONS)]
