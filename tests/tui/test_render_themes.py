"""The themes: complete, readable, and in 16 colours made of those 16."""

from __future__ import annotations

import pytest
from textual.color import Color

from styles.themes import DARK, DARK_16, LIGHT, LIGHT_16, opposite, palette, theme_name, themes

ANSI = {"#000000", "#aa0000", "#00aa00", "#aa5500", "#0000aa", "#aa00aa", "#00aaaa", "#aaaaaa"} | {
    "#555555", "#ff5555", "#55ff55", "#ffff55", "#5555ff", "#ff55ff", "#55ffff", "#ffffff"
}  # fmt: skip


def contrast(one: str, other: str) -> float:
    """WCAG 2.1 contrast ratio of two colours."""

    def luminance(colour: Color) -> float:
        parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour.normalized]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    low, high = sorted((luminance(Color.parse(one)), luminance(Color.parse(other))))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", themes(), ids=lambda theme: theme.name)
def test_every_text_can_be_read(theme):
    colours = palette(theme.name)
    for name, style in colours._asdict().items():
        least = 2.8 if theme.name.endswith("16") or name == "spark" else 4.5
        assert contrast(style.split()[-1], theme.background) >= least, name
    assert contrast(colours.muted, theme.panel) >= (2 if theme.name.endswith("16") else 4)


@pytest.mark.parametrize("name", [DARK_16, LIGHT_16])
def test_16_colours_only(name):
    assert {style.split()[-1] for style in palette(name)} <= ANSI


@pytest.mark.parametrize(
    ("wish", "few", "expected"),
    [(DARK, False, DARK), (LIGHT, True, LIGHT_16), (LIGHT_16, False, LIGHT), ("x", True, DARK_16)],
)
def test_theme_name(wish, few, expected):
    assert theme_name(wish, few_colours=few) == expected


def test_opposites():
    for theme in themes():
        assert opposite(opposite(theme.name)) == theme.name != opposite(theme.name)


def test_a_foreign_theme_has_a_palette():
    assert palette("nord") == palette(DARK)
