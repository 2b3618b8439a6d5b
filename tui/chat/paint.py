"""Items of a conversation as lines of the screen: rich does the Markdown and colours the code, once a width."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from io import StringIO
from typing import NamedTuple

from rich.console import Console, RenderableType
from rich.markdown import Markdown
from rich.segment import Segment
from rich.style import Style
from rich.syntax import Syntax
from rich.text import Text
from rich.theme import Theme
from textual.strip import Strip

from tui.chat.items import Item

GUTTER = 2
"""Cells at the left: the bar of the chosen item, and a blank."""
STYLES = ("prompt", "name", "thought", "call", "figures", "error", "notice", "problem", "picture", "code", "chosen")
"""Component classes are ``chat--`` and one of these."""
# Rich's own styles assume a dark terminal (code stands on black); these are right on any background.
_THEME = Theme({
    "markdown.code": "bold italic", "markdown.item.number": "bold", "markdown.item.bullet": "bold",
    "markdown.h1": "bold", "markdown.h2": "bold", "markdown.h3": "bold italic", "markdown.link": "underline",
    "markdown.link_url": "underline", "markdown.block_quote": "italic",
})  # fmt: skip


class Look(NamedTuple):
    """How to paint: cells of a line without the gutter, style by name, dark or light, whether the item is unfolded."""

    width: int
    style: Callable[[str], Style]
    dark: bool
    open: bool = False


def lines(item: Item, look: Look) -> list[Strip]:
    """The lines of an item, at most ``look.width`` cells wide; the last one of an answer's part may be empty."""
    return _PAINTERS.get(item.kind, _plain)(item, look)


def _console(width: int) -> Console:
    return Console(
        width=max(8, width), file=StringIO(), force_terminal=True, color_system="truecolor", theme=_THEME,
        legacy_windows=False, highlight=False, markup=False, emoji=False,
    )  # fmt: skip


_CONSOLES: dict[int, Console] = {}


def _render(renderable: RenderableType, width: int) -> list[Strip]:
    """Through rich, line by line. A console a width is kept: making one costs as much as painting a paragraph."""
    console = _CONSOLES.get(width)
    if console is None:
        _CONSOLES.clear()
        console = _CONSOLES[width] = _console(width)
    rows = console.render_lines(renderable, console.options.update(width=max(8, width)), pad=False)
    return [Strip(_tidy(row)) for row in rows]


def _tidy(row: Iterable[Segment]) -> list[Segment]:
    """Without links that a terminal would open, and without blanks at the end (they carry no background of ours)."""
    return [
        Segment(
            segment.text, segment.style.update_link(None) if segment.style and segment.style.link else segment.style
        )
        for segment in row
        if segment.text and not segment.control
    ]


def _wrapped(text: str, width: int, style: Style) -> list[Strip]:
    return _render(Text(text, style=style, end="", no_wrap=False), width)


def _prompt(item: Item, look: Look) -> list[Strip]:
    return _render(Text.assemble(("you ▸ ", look.style("prompt")), item.text, end=""), look.width)


def _name(item: Item, look: Look) -> list[Strip]:
    return _wrapped(f"{item.text} ◂", look.width, look.style("name"))


def _thought(item: Item, look: Look) -> list[Strip]:
    style = look.style("thought")
    if not look.open:
        return _wrapped(f"▸ {item.title}", look.width, style)
    return [*_wrapped(f"▾ {item.title}", look.width, style), *_wrapped(item.text, look.width, style)]


def _prose(item: Item, look: Look) -> list[Strip]:
    theme = "ansi_dark" if look.dark else "ansi_light"
    rows = _render(Markdown(item.text, hyperlinks=False, code_theme=theme), look.width)
    while rows and not rows[0].text.strip():
        rows = rows[1:]
    while rows and not rows[-1].text.strip():
        rows = rows[:-1]
    return [*rows, Strip([])]


def _code(item: Item, look: Look) -> list[Strip]:
    theme = "ansi_dark" if look.dark else "ansi_light"
    bar = Segment("│ ", look.style("code"))
    syntax = Syntax(
        item.text, item.title or "text", theme=theme, word_wrap=True, background_color="default", tab_size=4
    )
    rows = [Strip([bar, *row]) for row in _render(syntax, look.width - 2)]
    if item.goes_on:
        return rows
    return [Strip([Segment(f"┌ {item.title or 'code'}", look.style("code"))]), *rows]


def _call(item: Item, look: Look) -> list[Strip]:
    style = look.style("call")
    mark = ("▾ " if look.open else "▸ ") if item.folds else "· "
    if not look.open or not item.folds:
        return _wrapped(f"{mark}tool call {item.title}", look.width, style)
    name = item.title.partition("(")[0]
    syntax = Syntax(item.text, "json", theme="ansi_dark" if look.dark else "ansi_light", word_wrap=True,
                    background_color="default")  # fmt: skip
    return [*_wrapped(f"{mark}tool call {name}", look.width, style), *_render(syntax, look.width)]


def _error(item: Item, look: Look) -> list[Strip]:
    return _wrapped(f"✖ {item.text}", look.width, look.style("error"))


def _notice(item: Item, look: Look) -> list[Strip]:
    style = look.style("problem" if item.problem else "notice")
    return [*_wrapped(("✖ " if item.problem else "· ") + item.text, look.width, style), Strip([])]


def _figures(item: Item, look: Look) -> list[Strip]:
    return [*_wrapped(item.text, look.width, look.style("figures")), Strip([])]


def _picture(item: Item, look: Look) -> list[Strip]:
    return _wrapped(f"      ▣ {item.text}", look.width, look.style("picture"))


def _plain(item: Item, look: Look) -> list[Strip]:
    return _wrapped(item.text, look.width, look.style("thought"))


_PAINTERS: dict[str, Callable[[Item, Look], list[Strip]]] = {
    "prompt": _prompt, "name": _name, "thought": _thought, "prose": _prose, "code": _code, "call": _call,
    "error": _error, "notice": _notice, "figures": _figures, "picture": _picture,
}  # fmt: skip
