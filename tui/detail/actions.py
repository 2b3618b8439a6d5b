"""The actions of the detail panes: rows for the one table of actions, and the Textual bindings made from them."""

from __future__ import annotations

from textual.binding import BindingType

from tui.actions import Action, Scope
from tui.actions import bindings as table_bindings
from tui.bench.actions import BENCH_ACTIONS
from tui.chat.actions import CHAT_ACTIONS

DETAIL_ACTIONS: tuple[Action, ...] = (
    Action("copy_command", "c", "Copy command", "Copy the exact command of the run.", "overview"),
    Action("zoom_chart", "enter,z", "Zoom", "Give the chosen chart the whole pane, or take it back.", "metrics"),
    Action("window_shorter", "left_square_bracket", "Shorter", "Show a shorter window (24h … 1m).", "metrics"),
    Action("window_longer", "right_square_bracket", "Longer", "Show a longer window (1m … 24h).", "metrics"),
    Action("pause", "p", "Pause", "Hold the charts still; press again to go on.", "metrics"),
    Action("all_metrics", "m", "All metrics", "List every metric of the server; chart any of them.", "metrics"),
    Action("goals", "g", "Goals", "Set the times that the run is to keep to, and how often.", "metrics"),
    Action("step_out", "escape", "Out", "Take the cursor away, then the zoom; else leave the pane.", "metrics"),
    Action("cursor_left", "left", "Cursor", "Read the values of a moment on all charts (shift: ten steps).", "metrics"),
    Action("cursor_right", "right", "Cursor right", "Move the cursor to the next sample.", "metrics", footer=False),
    Action("cursor_far_left", "shift+left", "Far left", "Move the cursor ten samples back.", "metrics", footer=False),
    Action("cursor_far_right", "shift+right", "Far right", "Move the cursor ten samples on.", "metrics", footer=False),
    Action("earlier", "less_than_sign", "Earlier", "Show what was half a window earlier, and hold it.", "metrics",
           footer=False),
    Action("later", "greater_than_sign", "Later", "Show what was half a window later.", "metrics", footer=False),
    Action("live", "end", "Live", "Follow the newest figures again.", "metrics", footer=False),
    Action("chart_next", "tab", "Next chart", "Choose the next chart.", "metrics", footer=False),
    Action("chart_before", "shift+tab", "Chart before", "Choose the chart before.", "metrics", footer=False),
    Action("chart_down", "down", "Chart below", "Choose the chart below.", "metrics", footer=False),
    Action("chart_up", "up", "Chart above", "Choose the chart above.", "metrics", footer=False),
    Action("series", "h", "Series", "Show each line of the chosen chart alone, then all again.", "metrics",
           footer=False),
    Action("log_axis", "l", "Log axis", "Powers of ten on the y axis of the chosen chart, or not.", "metrics",
           footer=False),
    Action("drop_metric", "delete", "Remove", "Remove the chosen chart, if you had picked it.", "metrics",
           footer=False),
    Action("page_down", "pagedown", "Page down", "Scroll the charts down.", "metrics", footer=False),
    Action("page_up", "pageup", "Page up", "Scroll the charts up.", "metrics", footer=False),
    Action("search", "slash", "Search", "Light and count a regular expression (! in front: show the lines without it).",
           "logs"),
    Action("next_hit", "n", "Next", "Go to the next line that was searched for.", "logs"),
    Action("previous_hit", "N", "Previous", "Go to the one before.", "logs", footer=False),
    Action("filter", "ampersand", "Filter", "Show only lines that match an expression (! in front: that do not).",
           "logs"),
    Action("filter_out", "exclamation_mark", "Without", "Show only lines that do not match an expression.", "logs",
           footer=False),
    Action("follow", "s", "Follow", "Follow the end of the log, or stay where you are.", "logs"),
    Action("wrap", "w", "Wrap", "Wrap long lines, or cut them at the right border.", "logs"),
    Action("timestamps", "t", "Times", "Show or hide the time of each line.", "logs"),
    Action("level", "l", "Level", "Show warnings and errors, errors alone, all.", "logs"),
    Action("process", "p", "Process", "Show the lines of one process, of the next, of all.", "logs"),
    Action("access", "a", "Access", "Hide the access log of the server, or show it.", "logs"),
    Action("first_errors", "E", "Errors", "Show only the first error of each process, or all.", "logs"),
    Action("copy_lines", "c", "Copy", "Copy the picked lines, the selected text, or else the screen.", "logs"),
    Action("save", "ctrl+s", "Save", "Save what the filters show (or the picked lines) to a new file.", "logs"),
    Action("full_screen", "f", "Full screen", "Give the log the whole screen, or take it back.", "logs"),
    Action("pick", "v", "Pick", "Begin to pick lines; the arrows move, c copies, ctrl+s saves.", "logs"),
    Action("set_mark", "m", "Mark", "Draw a line with the time below the last line in view.", "logs"),
    Action("go_to_time", "at", "Time", "Go to a time: 14:05, 14:05:33, -10m, 11-26 14:05.", "logs"),
    Action("since_longer", "left_square_bracket", "Back", "Go back to the last 1m, 5m, 15m, 30m, 1h.", "logs",
           footer=False),
    Action("since_shorter", "right_square_bracket", "Nearer", "The other way, to the end at last.", "logs",
           footer=False),
    Action("top", "g,home", "Top", "Go to the oldest line.", "logs", footer=False),
    Action("bottom", "G,end,0", "End", "Go to the newest line and follow it.", "logs", footer=False),
    Action("line_down", "j", "Down", "One line down.", "logs", footer=False),
    Action("line_up", "k", "Up", "One line up.", "logs", footer=False),
    Action("screen_down", "space", "Page down", "One screen down.", "logs", footer=False),
    Action("screen_up", "b", "Page up", "One screen up.", "logs", footer=False),
    Action("pick_up", "shift+up", "Pick up", "Pick the line above as well.", "logs", footer=False),
    Action("pick_down", "shift+down", "Pick down", "Pick the line below as well.", "logs", footer=False),
    *CHAT_ACTIONS,
    *BENCH_ACTIONS,
    Action("copy_event", "c", "Copy", "Copy the event under the cursor.", "events"),
)  # fmt: skip


def bindings(scope: Scope) -> list[BindingType]:
    """The Textual bindings of one pane, in the order of the table."""
    return [*table_bindings(scope, actions=DETAIL_ACTIONS)]
