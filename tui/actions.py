"""The one table of actions: keys, footer, palette, help and the dangerous mark all come from it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from textual.binding import BindingType

Scope = Literal[
    "global",
    "runs",
    "table",
    "launch",
    "attach",
    "diagnosis",
    "overview",
    "metrics",
    "logs",
    "chat",
    "bench",
    "events",
    "compare",
]


@dataclass(frozen=True, slots=True)
class Action:
    """``name`` is the Textual action (``action_<name>`` on the screen, or on the pane of the scope)."""

    name: str
    keys: str
    label: str
    """One or two words for the footer."""
    help: str
    """One sentence for the help screen and the palette."""
    scope: Scope = "global"
    dangerous: bool = False
    """Asks first and names what it hits."""
    footer: bool = True


SCOPE_TITLES: dict[str, str] = {
    "global": "Everywhere",
    "runs": "Runs (the chosen one, or all that are marked)",
    "table": "Run table",
    "launch": "New run (dialog)",
    "attach": "Attach (dialog)",
    "diagnosis": "Diagnosis (dialog)",
    "compare": "Comparison of two runs",
    "overview": "Overview",
    "metrics": "Metrics",
    "logs": "Logs",
    "chat": "Chat",
    "bench": "Benchmarks",
    "events": "Events",
}

# The order is the order of the footer, the palette and the help.
_ACTIONS: tuple[Action, ...] = (
    Action("enter_detail", "enter", "Open", "Go into the detail of the run.", "table"),
    Action("mark", "space", "Mark", "Mark the run: what is done is then done to all marked runs.", "table"),
    Action("cursor_down", "j", "Down", "Go to the next run.", "table", footer=False),
    Action("cursor_up", "k", "Up", "Go to the previous run.", "table", footer=False),
    Action("scroll_top", "home,g", "First", "Go to the first run.", "table", footer=False),
    Action("scroll_bottom", "end,G", "Last", "Go to the last run.", "table", footer=False),
    Action("new_run", "n", "New", "Start a new run from a manifest."),
    Action("attach", "a", "Attach", "Watch a vLLM server that vdeck did not start.", footer=False),
    Action("terminate", "T", "Terminate", "Stop the run: SIGTERM, its grace, then SIGKILL.", "runs", True),
    Action("filter", "slash", "Filter", "Show the runs that match a regular expression (!: the others).", "runs"),
    Action("command_palette", "colon,ctrl+p", "Palette", "Find an action or a run by name."),
    Action("copy_endpoint", "y", "Copy URL", "Copy the URL of the endpoint to the clipboard (OSC 52).", "runs"),
    Action("show_help", "question_mark,f1", "Help", "Show every key."),
    Action("open_tab('overview')", "1", "Overview", "Show what the run is and where it stands.", footer=False),
    Action("open_tab('metrics')", "2", "Metrics", "Show the charts of the run.", footer=False),
    Action("open_tab('logs')", "3", "Logs", "Show the output of the run.", footer=False),
    Action("open_tab('chat')", "4", "Chat", "Talk to the model of the run.", footer=False),
    Action("open_tab('bench')", "5", "Bench", "Measure the server of the run; its results.", footer=False),
    Action("open_tab('events')", "6", "Events", "Show what happened to the run, and when.", footer=False),
    Action("merge_logs", "M", "Merge logs", "Show the logs of the marked runs as one, by time; again: the one log.",
           "runs", footer=False),
    Action("side_by_side", "v", "Side by side", "Ask all marked runs the same at once, or all models of one run.",
           "runs", footer=False),
    Action("compare", "equals_sign", "Compare",
           "Compare the two marked runs: manifest, arguments, start, metrics, benchmarks.", "runs"),
    Action("zoom('in')", "plus", "Zoom", "Give the detail more room.", footer=False),
    Action("zoom('out')", "underscore", "Unzoom", "Give the table more room.", footer=False),
    Action("back", "escape", "Back", "Leave the detail, drop the filter, the marks, the zoom.", footer=False),
    Action("switch_theme", "ctrl+t", "Theme", "Switch between dark and light; vdeck remembers it.", footer=False),
    Action("quit", "q,ctrl+q", "Quit", "Close the screen. The runs go on."),
    Action("kill", "K", "Kill", "Stop the run with SIGKILL at once.", "runs", True, False),
    Action("restart", "R", "Restart", "Stop the run and start it again.", "runs", True, False),
    Action("clone", "C", "Clone", "Start another run like this one (opens the dialog).", "runs", footer=False),
    Action("delete", "D", "Delete", "Delete the record of an ended run; detach an attached one.", "runs", True, False),
    Action("open_endpoint", "o", "Browse", "Open the endpoint in a browser.", "runs", footer=False),
    Action("edit_manifest", "e", "Edit", "Open the manifest in $EDITOR.", "runs", footer=False),
    Action("diagnose", "d", "Diagnose", "Say why the run failed, and mend it.", "runs", footer=False),
    Action("bundle", "b", "Bundle", "Pack log, manifest and state for a bug report, secrets masked.", "runs",
           footer=False),
    Action("start", "ctrl+s", "Start", "Start the run as the dialog shows it.", "launch"),
    Action("edit_source", "ctrl+o", "Edit", "Open the chosen manifest in $EDITOR and check it again.", "launch"),
    Action("leave", "escape", "Back", "Go back one step; from the first step, close the dialog.", "launch"),
    Action("submit", "ctrl+s", "Attach", "Watch the server at this address.", "attach"),
    Action("close", "escape", "Cancel", "Close the dialog.", "attach"),
    Action("apply_fix", "ctrl+s,a", "Apply", "Write the change that is shown and start a new run of it.", "diagnosis"),
    Action("go_to_log", "l", "Log", "Go to the line of the log that says so.", "diagnosis"),
    Action("copy_diagnosis", "c", "Copy", "Copy cause, evidence and fixes.", "diagnosis"),
    Action("close", "escape,q,d", "Close", "Close the dialog.", "diagnosis"),
    Action("close", "escape,q", "Back", "Go back to the runs.", "compare"),
    Action("everything", "a", "All", "Show all rows and whole manifests, or only what tells something.", "compare"),
    Action("swap", "s", "Swap", "Swap A and B.", "compare"),
    Action("window", "w", "Window", "Metrics of the last 1, 5, 15 or 60 minutes in which each run served.", "compare"),
    Action("fold_all", "f", "Fold", "Fold all sections, or unfold them.", "compare"),
    Action("copy", "c", "Copy", "Copy the comparison as Markdown.", "compare"),
    Action("save", "ctrl+s", "Save", "Write the comparison as Markdown into a new file of this folder.", "compare"),
    Action("scroll(1)", "j,down", "Down", "Scroll down.", "compare", footer=False),
    Action("scroll(-1)", "k,up", "Up", "Scroll up.", "compare", footer=False),
    Action("scroll_page(1)", "pagedown,ctrl+d", "Page down", "Scroll down by a page.", "compare", footer=False),
    Action("scroll_page(-1)", "pageup,ctrl+u", "Page up", "Scroll up by a page.", "compare", footer=False),
    Action("scroll_end_of(-1)", "home,g", "First", "Go to the beginning.", "compare", footer=False),
    Action("scroll_end_of(1)", "end,G", "Last", "Go to the end.", "compare", footer=False),
    *(Action(f"section({number})", str(number), f"{title}", f"Go to the section {title}; again: fold it.", "compare",
             footer=False)
      for number, title in enumerate(("Manifest", "Arguments", "Start", "Metrics", "Benchmarks"), 1)),
)  # fmt: skip


@cache
def all_actions() -> tuple[Action, ...]:
    """The whole table: the screen's actions and those of the panes."""
    from tui.detail.actions import DETAIL_ACTIONS  # here: that module needs Action from this one

    return _ACTIONS + tuple(DETAIL_ACTIONS)


def bindings(*scopes: Scope, actions: tuple[Action, ...] = _ACTIONS) -> list[BindingType]:
    """Textual bindings of the actions of these scopes, for the ``BINDINGS`` of a screen or widget."""
    from textual.binding import Binding

    return [
        Binding(a.keys, a.name, a.label, show=a.footer, tooltip=a.help, id=f"{a.scope}.{plain_name(a)}")
        for a in actions
        if a.scope in scopes
    ]


def plain_name(action: Action) -> str:
    """The name without its argument marks: ``open_tab('logs')`` becomes ``open_tab.logs``."""
    head, _, argument = action.name.partition("(")
    return f"{head}.{argument.strip(chr(39) + chr(34) + ')')}" if argument else head


_KEY_TEXT = {
    "question_mark": "?", "colon": ":", "plus": "+", "underscore": "_", "slash": "/", "escape": "esc", "space": "space",
    "left_square_bracket": "[", "right_square_bracket": "]", "minus": "-", "up": "↑", "down": "↓", "left": "←",
    "right": "→", "full_stop": ".", "comma": ",", "pageup": "pgup", "pagedown": "pgdn", "exclamation_mark": "!",
    "less_than_sign": "<", "greater_than_sign": ">", "equals_sign": "=", "asterisk": "*", "number_sign": "#",
    "ampersand": "&", "at": "@",
}  # fmt: skip


def key_text(keys: str) -> str:
    """Textual's key names as a reader knows them: ``colon,ctrl+p`` becomes ``: ^p``."""
    shown = []
    for key in keys.split(","):
        head, _, last = key.strip().rpartition("+")
        shown.append(("^" if head == "ctrl" else f"{head}+" if head else "") + _KEY_TEXT.get(last, last))
    return " ".join(shown)
