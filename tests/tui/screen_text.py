"""The painted screen as text. The one place of the tests that touches Textual's private compositor."""

from __future__ import annotations

from typing import Any

from textual.app import App
from textual.screen import Screen
from textual.widget import Widget


def screen_text(screen: Screen[Any]) -> str:
    """Every line of the screen as painted, joined by newlines."""
    return "\n".join("".join(segment.text for segment in strip) for strip in screen._compositor.render_strips())


def widget_text(app: App[Any], widget: Widget) -> str:
    """What is painted inside one widget, its scrollbars left out."""
    region = widget.scrollable_content_region
    lines = screen_text(app.screen).split("\n")[region.y : region.bottom]
    return "\n".join(line[region.x : region.right].rstrip() for line in lines)
