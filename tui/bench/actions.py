"""The actions of the benchmark tab: rows for the one table of actions."""

from __future__ import annotations

from tui.actions import Action

BENCH_ACTIONS: tuple[Action, ...] = (
    Action("new_bench", "n", "Measure", "Measure the server: choose data, load and goals in a dialog.", "bench"),
    Action("again", "r", "Again", "Measure the same once more, with another seed.", "bench"),
    Action("cancel_bench", "x", "Cancel", "End the benchmark that is under way; what it has measured is kept.",
           "bench", True),
    Action("mark_bench", "space", "Mark", "Mark a result: the first is A, the second is B.", "bench"),
    Action("compare_benches", "equals_sign", "Compare", "Compare the two marked results; with one, choose the other.",
           "bench"),
    Action("next_curve", "tab", "Curve", "Show the next curve: TTFT, ITL, E2E.", "bench", footer=False),
    Action("log_curve", "l", "Log axis", "Powers of ten on the y axis of the curves, or not.", "bench", footer=False),
    Action("zoom_curve", "enter,z", "Zoom", "Give the curves the whole pane, or take it back.", "bench", footer=False),
    Action("copy_bench", "c", "Copy", "Copy the chosen (or marked) results as Markdown.", "bench", footer=False),
    Action("export_bench", "ctrl+s", "Export", "Write the chosen (or marked) results to a new file, as CSV.", "bench"),
    Action("delete_bench", "delete", "Delete", "Delete the chosen result.", "bench", True, False),
)  # fmt: skip
