"""The colours of vdeck, and the only place that has any: two themes, and for each a palette for text drawn by hand."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from textual.theme import Theme

DARK = "vdeck-dark"
LIGHT = "vdeck-light"
DARK_16 = "vdeck-dark-16"
"""For terminals with 16 colours: each colour here is one of theirs, so that none turns into grey."""
LIGHT_16 = "vdeck-light-16"


class Palette(NamedTuple):
    """Rich styles by meaning. A widget asks ``palette(app.theme)`` and never names a colour itself."""

    text: str
    muted: str
    good: str
    busy: str
    """Under way: starting, stopping."""
    warn: str
    bad: str
    accent: str
    title: str
    key: str
    """A key in the footer or the help."""
    spark: str


_PALETTES = {
    DARK: Palette(
        text="#d5dce8",
        muted="#8592a6",
        good="#7fd18c",
        busy="#6db3f2",
        warn="#eabf5e",
        bad="#f07f86",
        accent="#6db3f2",
        title="bold #f2f5fa",
        key="bold #eabf5e",
        spark="#5f9ea0",
    ),
    LIGHT: Palette(
        text="#22272f",
        muted="#616b7a",
        good="#1d7533",
        busy="#145ea8",
        warn="#8a5d00",
        bad="#b3261e",
        accent="#145ea8",
        title="bold #0f141b",
        key="bold #8a5d00",
        spark="#2f7376",
    ),
    DARK_16: Palette(
        text="#ffffff",
        muted="#aaaaaa",
        good="#55ff55",
        busy="#55ffff",
        warn="#ffff55",
        bad="#ff5555",
        accent="#55ffff",
        title="bold #ffffff",
        key="bold #ffff55",
        spark="#00aaaa",
    ),
    LIGHT_16: Palette(
        text="#000000",
        muted="#555555",
        good="#00aa00",
        busy="#0000aa",
        warn="#aa5500",
        bad="#aa0000",
        accent="#0000aa",
        title="bold #000000",
        key="bold #aa5500",
        spark="#00aaaa",
    ),
}


@cache
def palette(theme: str) -> Palette:
    """The palette of a theme of ours; for a foreign theme the one of the dark theme."""
    return _PALETTES.get(theme, _PALETTES[DARK])


def _bars(ground: str, bar: str, touched: str) -> dict[str, str]:
    """Scroll bars that stay in the background."""
    return {
        "scrollbar": bar, "scrollbar-hover": touched, "scrollbar-active": touched, "scrollbar-background": ground,
        "scrollbar-background-hover": ground, "scrollbar-background-active": ground, "scrollbar-corner-color": ground,
    }  # fmt: skip


def theme_name(wish: str, *, few_colours: bool) -> str:
    """The theme to use for a remembered wish (its name, with or without ``-16``) on this terminal."""
    light = wish.removesuffix("-16") == LIGHT
    return (LIGHT_16 if light else DARK_16) if few_colours else (LIGHT if light else DARK)


def opposite(name: str) -> str:
    """The dark theme for a light one and the other way round."""
    return {DARK: LIGHT, LIGHT: DARK, DARK_16: LIGHT_16, LIGHT_16: DARK_16}.get(name, DARK)


def themes() -> tuple[Theme, ...]:
    """The themes that the app registers."""
    return (
        _theme(DARK, ground="#10151c", surface="#171e28", panel="#212b38", soft="#33404f", strong="#4b5c70",
               secondary="#b79ae0"),
        _theme(LIGHT, ground="#fbfbf9", surface="#f2f3ef", panel="#e3e6e2", soft="#c3c8c4", strong="#9aa19d",
               secondary="#6d3d9c"),
        _theme(DARK_16, ground="#000000", surface="#000000", panel="#555555", soft="#555555", strong="#aaaaaa",
               secondary="#ff55ff"),
        _theme(LIGHT_16, ground="#ffffff", surface="#ffffff", panel="#aaaaaa", soft="#aaaaaa", strong="#555555",
               secondary="#aa00aa"),
    )  # fmt: skip


def _theme(name: str, *, ground: str, surface: str, panel: str, soft: str, strong: str, secondary: str) -> Theme:
    """A Textual theme whose meanings have the colours of the palette of the same name."""
    from textual.theme import Theme

    colours = _PALETTES[name]
    return Theme(
        name=name,
        dark=name in (DARK, DARK_16),
        background=ground,
        surface=surface,
        panel=panel,
        foreground=colours.text,
        primary=colours.accent,
        secondary=secondary,
        accent=colours.warn,
        success=colours.good,
        warning=colours.warn,
        error=colours.bad,
        variables={
            **_bars(ground, soft, strong),
            "muted": colours.muted,
            "border-soft": soft,
            "block-cursor-text-style": "none",
        },
    )
