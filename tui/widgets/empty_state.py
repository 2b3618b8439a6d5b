"""What stands in the middle while there are no runs."""

from __future__ import annotations

from textual.widgets import Static

from styles.themes import palette
from tui.render.cells import Cell, to_text

_LINES: tuple[Cell, ...] = (
    (("No runs yet", "title"),),
    (("", ""),),
    (("Press ", ""), ("n", "key"), (" to start one: pick a manifest, look at the exact command, start it.", "")),
    (("The first time, the dialog offers to install vLLM (for the CPU or for CUDA).", "muted"),),
    (("", ""),),
    (("?", "key"), (" shows every key, ", "muted"), ("q", "key"), (" closes the screen; runs go on.", "muted")),
)


class EmptyState(Static):
    """A friendly text. Shown while the screen has the class ``-empty``; a click does what `n` does."""

    def render(self) -> object:  # type: ignore[override]
        from rich.text import Text

        colours = palette(self.app.theme)
        return Text("\n").join(to_text(line, colours) for line in _LINES)

    def on_click(self) -> None:
        self.app.simulate_key("n")
