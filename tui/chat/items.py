"""A conversation as a list of things that can be painted, chosen, folded and copied. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from launcher.chat.turn import Call, Turn
from launcher.text import clean, clean_line, shorten
from tui import format as words
from tui.chat.blocks import Block, blocks
from tui.chat.text import figures_line

Kind = Literal["prompt", "picture", "name", "thought", "prose", "code", "call", "figures", "error", "notice", "empty"]
_CHOSEN: frozenset[str] = frozenset({"prompt", "thought", "prose", "code", "call", "error"})
_FOLDED_CALL = 100
"""Characters of a call that are shown while it is folded."""


@dataclass(frozen=True, slots=True)
class Item:
    """``text`` is what is painted (control characters are gone), ``copy`` what the key copies."""

    kind: Kind
    text: str
    turn: int = -1
    """Index of its turn in the conversation; -1: a word of the chat itself."""
    copy: str = ""
    title: str = ""
    """Language of code, model of an answer, what is said of a folded item."""
    problem: bool = False
    folds: bool = False
    goes_on: bool = False
    """Code that goes on where the item before it ended."""
    opened: bool = False
    """Unfolded until somebody folds it."""
    place: int = 0
    """Its place in its turn: two equal code blocks are two items."""

    @property
    def chosen_by_keys(self) -> bool:
        """Whether the cursor of the conversation stops here."""
        return self.kind in _CHOSEN and not self.goes_on


def of_turns(turns: Sequence[Turn], first: int = 0) -> list[Item]:
    """The items of finished turns; ``first``: the index of the first of them."""
    found: list[Item] = []
    for index, turn in enumerate(turns, first):
        if turn.role == "user":
            found += of_prompt(turn, index)
        elif turn.role == "assistant":
            found += of_answer(turn, index)
    return found


def of_prompt(turn: Turn, index: int) -> list[Item]:
    """What the user said, and the pictures that went along."""
    pictures = [Item("picture", shorten(clean_line(image), 200), index) for image in turn.images]
    return placed([Item("prompt", clean(turn.text), index, clean(turn.text)), *pictures])


def of_answer(turn: Turn, index: int) -> list[Item]:
    """A finished answer: who, what it thought, what it said, what it called, how it went."""
    text = clean(turn.text).strip()
    found = [of_name(turn.model, index)]
    if turn.reasoning.strip():
        found.append(thought(turn.reasoning, index, turn.stats))
    found += [of_block(block, index, text) for block in blocks(text)]
    found += [of_call(call, index) for call in calls(turn)]
    if not text and not calls(turn) and turn.error is None:
        found.append(Item("empty", "(an empty answer)", index))
    if turn.error is not None:
        found.append(Item("error", clean(turn.error), index, clean(turn.error)))
    figures = figures_line(turn.stats)
    found += [Item("figures", figures, index)] if figures else []
    return placed(found)


def placed(found: Sequence[Item], first: int = 0) -> list[Item]:
    """The items of one turn, each with its place in it."""
    return [replace(item, place=place) for place, item in enumerate(found, first)]


def of_name(model: str | None, index: int) -> Item:
    """The line above an answer."""
    return Item("name", clean_line(model or "model"), index)


def become(item: Item, new: Sequence[Item]) -> Item | None:
    """What has become of an item, now that its answer grew: the one of its kind at its place. None: it is not there."""
    here = (item.kind, item.turn, item.place)
    return next((one for one in new if (one.kind, one.turn, one.place) == here), None)


def thought(reasoning: str, index: int, stats: Mapping[str, Any]) -> Item:
    """What was thought before the answer; folded, it says how long that took, when that is known."""
    took = stats.get("thought_s")
    known = isinstance(took, int | float) and not isinstance(took, bool)
    said = f"thought for {words.latency(float(took))}" if known and took is not None else "thought"
    text = clean(reasoning).strip()
    return Item("thought", text, index, text, said, folds=True)


def of_block(block: Block, index: int, answer: str) -> Item:
    """A block of Markdown: code is copied alone, all else with the whole answer."""
    if block.code:
        return Item("code", block.text, index, block.text, clean_line(block.language), goes_on=block.goes_on)
    return Item("prose", block.text, index, answer)


def calls(turn: Turn) -> tuple[Call, ...]:
    """The tool calls of an answer; those of transcripts of vdeck 0.1 stand in the figures."""
    if turn.calls:
        return turn.calls
    old = turn.stats.get("tool_calls")
    if not isinstance(old, list):
        return ()
    pairs = (str(call).removesuffix(")").partition("(") for call in old)
    return tuple(Call(name, arguments) for name, _, arguments in pairs)


def of_call(call: Call, index: int) -> Item:
    """A tool call: its arguments as JSON with indents, or as the model wrote them when they are none."""
    arguments = clean(call.arguments)
    try:
        shown = json.dumps(json.loads(arguments), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        shown = arguments
    title = clean_line(call.name)
    flat = " ".join(arguments.split())
    return Item(
        "call", shown, index, f"{title}({arguments})", f"{title}({shorten(flat, _FOLDED_CALL)})",
        folds="\n" in shown or len(flat) > _FOLDED_CALL,
    )  # fmt: skip


def notice(text: str, *, problem: bool = False) -> Item:
    """A word of the chat itself: the answer to a command, an offer, a problem."""
    return Item("notice", clean(text), problem=problem)
