"""What stands in the middle while there are no runs."""

from __future__ import annotations

from textual.reactive import reactive
from textual.widgets import Static

from styles.themes import palette
from tui.render.attach import found_line
from tui.render.cells import Cell, to_text

_BLANK: Cell = (("", ""),)
_START: tuple[Cell, ...] = (
    (("No runs yet", "title"),),
    _BLANK,
    (("Press ", ""), ("n", "key"), (" to start one: pick a manifest, look at the exact command, start it.", "")),
    (("The first time, the dialog offers to install vLLM (for the CPU or for CUDA).", "muted"),),
    _BLANK,
)
_KEYS: Cell = (
    ("?", "key"),
    (" shows every key, ", "muted"),
    ("q", "key"),
    (" closes the screen; runs go on.", "muted"),
)


class EmptyState(Static):
    """A friendly text. Shown while the screen has the class ``-empty``; a click does what `n` does."""

    found: reactive[int] = reactive(0)
    """vLLM servers on this machine that could be attached."""

    def render(self) -> object:  # type: ignore[override]
        from rich.text import Text

        colours = palette(self.app.theme)
        lines = (*_START, found_line(self.found), _BLANK, _KEYS)
        return Text("\n").join(to_text(line, colours) for line in lines)

    def on_click(self) -> None:
        self.app.simulate_key("n")
