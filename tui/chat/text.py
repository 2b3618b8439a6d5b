"""Turns of a chat as text. Pure: a Turn in, Content (cheap, while it streams) or rich Markdown (at the end) out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.markdown import Markdown
from rich.segment import Segment
from rich.text import Text
from rich.theme import Theme
from textual.content import Content

from launcher.chat.turn import Turn
from launcher.text import clean, clean_line
from tui import format as words

_REASONS = {
    "stop": "",  "length": "token limit", "tool_calls": "called a tool",
    "content_filter": "stopped by a filter", "abort": "aborted by the server", "cancelled": "interrupted",
    "error": "failed",
}  # fmt: skip

# Rich's own styles assume a dark terminal (code stands on black); these are right on any background.
_STYLES = Theme({"markdown.code": "bold italic", "markdown.item.number": "bold", "markdown.item.bullet": "bold"})


class _Markdown:
    """Markdown in our styles."""

    def __init__(self, text: str, code_theme: str) -> None:
        self._markdown = Markdown(text, hyperlinks=False, code_theme=code_theme)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterable[Segment]:
        with console.use_theme(_STYLES):
            return list(console.render(self._markdown, options))


def figures_line(stats: Mapping[str, Any]) -> str:
    """``TTFT 212 ms  48 tok/s  12 + 340 tokens  cached 8  1.9 s  token limit``; what is unknown is left out."""
    parts: list[str] = []
    ttft, speed, total = (_figure(stats, key) for key in ("ttft_s", "tokens_per_s", "total_s"))
    prompt, completion = _figure(stats, "prompt_tokens"), _figure(stats, "completion_tokens")
    cached = _figure(stats, "cached_tokens")
    if ttft is not None:
        parts.append(f"TTFT {words.latency(ttft)}")
    if speed is not None:
        parts.append(f"{words.number(speed)} tok/s")
    if prompt is not None or completion is not None:
        parts.append(f"{words.count(prompt)} + {words.count(completion)} tokens")
    if cached:
        parts.append(f"{words.count(cached)} cached")
    if total is not None:
        parts.append(words.latency(total))
    reason = stats.get("finish_reason")
    if isinstance(reason, str) and reason:
        said = _REASONS.get(reason, clean_line(reason))
        parts += [said] if said else []
    return "   ".join(parts)


def _figure(stats: Mapping[str, Any], key: str) -> float | None:
    value = stats.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def prompt(turn: Turn) -> Content:
    """What the user said."""
    return Content.assemble(("you ▸ ", "bold $accent"), clean(turn.text))


def notice(text: str, *, problem: bool = False) -> Content:
    """A word of the chat itself: the answer to a command, an error."""
    return Content.styled(("✖ " if problem else "· ") + clean(text), "$error" if problem else "$foreground-muted")


def live(model: str | None, text: str, reasoning: str, figures: str) -> Content:
    """The answer so far, plain: this is painted ten times a second."""
    parts: list[str | tuple[str, str]] = [(f"{clean_line(model or 'model')} ◂ ", "bold $primary")]
    if reasoning and not text:
        parts.append((clean(reasoning).lstrip(), "italic $foreground-muted"))
    parts.append(clean(text).lstrip())  # the first piece of many models begins with a space
    parts.append(("▌\n", "$primary"))
    parts.append((figures, "$foreground-muted"))
    return Content.assemble(*parts)


def answer(turn: Turn, *, dark: bool) -> RenderableType:
    """A finished answer: Markdown, the figures below it. Links are never made clickable: the text is not ours."""
    head = Text(f"{clean_line(turn.model or 'model')} ◂", style="bold")
    parts: list[RenderableType] = [head]
    body = clean(turn.text).strip()
    if body:
        parts.append(_Markdown(body, "ansi_dark" if dark else "ansi_light"))
    calls = turn.stats.get("tool_calls")
    if isinstance(calls, list):
        parts += [Text(f"tool call {clean_line(str(call))}", style="italic") for call in calls]
    if not body and not calls and turn.error is None:
        parts.append(Text("(an empty answer)", style="dim italic"))
    if turn.error is not None:
        parts.append(Text("✖ " + clean(turn.error), style="bold"))
    figures = figures_line(turn.stats)
    if figures:
        parts.append(Text(figures, style="dim"))
    return Group(*parts)
