"""The palette: every action that means something now, and every run to go to."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from textual.actions import parse as parse_action
from textual.command import DiscoveryHit, Hit, Provider
from textual.content import Content
from textual.fuzzy import Matcher

from launcher.text import clean_line
from tui.actions import Action, all_actions, key_text
from tui.render.state import look
from tui.screens.main import MainScreen

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.command import Hits
    from textual.dom import DOMNode

    from launcher.runs.view import RunView

_NOT_LISTED = frozenset({"command_palette", "cursor_down", "cursor_up", "back"})


class Entry(NamedTuple):
    words: str
    help: str
    do: Callable[[], object]


class ActionProvider(Provider):
    """Entries come from the table of actions and from the snapshot; nothing is written twice."""

    def entries(self) -> Iterator[Entry]:
        """All that can be chosen now."""
        screen = self.screen
        if not isinstance(screen, MainScreen):
            return
        places = screen.places()
        for action in all_actions():
            place = places.get(action.scope)
            if place is not None and action.name not in _NOT_LISTED and _means_something(action, place):
                words = action.help.partition(":")[0].rstrip(".") if "(" in action.name else action.label
                mark = " (asks first)" if action.dangerous else ""
                do = partial(self.app.run_action, action.name, place)
                yield Entry(f"{words}{mark}  {key_text(action.keys)}", action.help, do)
        for run in screen.snapshot.runs if screen.snapshot else ():
            yield Entry(_run_words(run), "Go to this run.", partial(screen.select, run.id))

    async def discover(self) -> Hits:
        for entry in self.entries():
            yield DiscoveryHit(Content(entry.words), entry.do, text=entry.words, help=entry.help)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for entry in self.entries():
            score = matcher.match(entry.words)
            if score > 0:
                yield Hit(score, _highlighted(matcher, entry.words), entry.do, text=entry.words, help=entry.help)


def _highlighted(matcher: Matcher, words: str) -> Content:
    """Matching letters in bold. (``Matcher.highlight`` reads markup: a run named ``[/x]`` would end the app.)"""
    _, offsets = matcher.fuzzy_search.match(matcher.query, words)
    content = Content(words)
    for offset in offsets:
        content = content.stylize("bold underline", offset, offset + 1)
    return content


def _means_something(action: Action, place: DOMNode) -> bool:
    _, name, parameters = parse_action(action.name)
    return place.check_action(name, parameters) is not False


def _run_words(run: RunView) -> str:
    state = look(run)
    return f"Run {clean_line(run.name)}  {clean_line(run.id)}  {state.glyph} {state.words}"
