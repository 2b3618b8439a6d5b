"""The chunks of an OpenAI-compatible answer, made into parts. Pure: JSON values in, parts out.

Every shape of vLLM 0.5 to 0.33 is taken: keys that are missing or null, no choices, a last chunk with text in it,
reasoning under either name or both, text of the completions route, tool calls in pieces.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from launcher.serving.parts import Delta, Finish, Part, ToolCall, Usage
from launcher.serving.think import ThinkFilter


class StreamError(Exception):
    """The stream told of an error (an ``error`` object after HTTP 200). ``value``: what it said."""

    def __init__(self, value: Any) -> None:
        super().__init__("the stream told of an error")
        self.value = value


class NotJson(Exception):
    """An event that is no JSON object."""


class AnswerReader:
    """One answer: feed it the data of each event, then ``close`` it."""

    __slots__ = ("_calls", "_think", "done", "finish", "pieces")

    def __init__(self) -> None:
        self.done = False
        """``[DONE]`` came."""
        self.finish: str | None = None
        """The finish reason, once one came."""
        self.pieces = 0
        """How many pieces of text or of tool calls came, those included that gave no part yet: for the clock."""
        self._think = ThinkFilter()
        self._calls: dict[int, ToolCall] = {}

    def feed(self, data: str) -> list[Part]:
        """The parts of one event. Raises StreamError and NotJson."""
        if data.strip() == "[DONE]":
            self.done = True
            return self._end_text()
        try:
            value = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise NotJson(data[:200]) from error
        return self.chunk(value)

    def chunk(self, value: Any) -> list[Part]:
        """The parts of one chunk, or of a whole answer that was not streamed."""
        if not isinstance(value, dict):
            raise NotJson(str(value)[:200])
        if value.get("error") or value.get("object") == "error":
            raise StreamError(value)
        parts: list[Part] = []
        choices = value.get("choices")
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, dict) and choice.get("index", 0) in (0, None):
                parts += self._choice(choice)
        usage = _usage(value.get("usage"))
        return parts if usage is None else [*parts, usage]

    def close(self) -> list[Part]:
        """At the end of the bytes: what was held back."""
        return self._end_text()

    def cut(self) -> list[Part]:
        """When the answer breaks off: the text that was held back. A tool call that is not whole is none."""
        self._calls = {}
        return self._end_text()

    def _choice(self, choice: dict[str, Any]) -> list[Part]:
        delta = choice.get("delta") or choice.get("message") or {}
        if not isinstance(delta, dict):
            delta = {}
        parts: list[Part] = []
        reasoning = _text(delta.get("reasoning")) or _text(delta.get("reasoning_content"))  # 0.11 to 0.14 send both
        if reasoning:
            self.pieces += 1
            parts.append(Delta("reasoning", reasoning))
        content = _text(delta.get("content")) or _text(delta.get("refusal")) or _text(choice.get("text"))
        if content:
            self.pieces += 1
            parts += self._think.feed(content)
        calls = delta.get("tool_calls")
        for call in calls if isinstance(calls, list) else ():
            if isinstance(call, dict):
                self.pieces += 1
                parts += self._call(call)
        reason = choice.get("finish_reason")
        if isinstance(reason, str) and self.finish is None:
            self.finish = clean_text(reason)
            parts += [*self._end_text(), Finish(self.finish)]
        return parts

    def _call(self, piece: dict[str, Any]) -> list[Part]:
        function = piece.get("function")
        function = function if isinstance(function, dict) else {}
        index = piece.get("index")
        if not isinstance(index, int):
            index = len(self._calls) if piece.get("id") or not self._calls else max(self._calls)
        known = self._calls.get(index)
        if known is None:
            known = self._calls[index] = ToolCall(index, "", "", "", False)
        call = replace(
            known,
            id=known.id or _text(piece.get("id")),
            name=known.name or _text(function.get("name")),
            arguments=known.arguments + _text(function.get("arguments")),
        )
        self._calls[index] = call
        return [replace(call, arguments="")] if call.name and not known.name else []

    def _end_text(self) -> list[Part]:
        calls = [replace(self._calls[index], complete=True) for index in sorted(self._calls)]
        self._calls = {}
        return [*self._think.close(), *calls]


def _text(value: Any) -> str:
    return clean_text(value) if isinstance(value, str) else ""


def clean_text(text: str) -> str:
    """``text`` without lone surrogates: JSON may hold them (``\\ud800``), no terminal and no file can."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _usage(value: Any) -> Usage | None:
    if not isinstance(value, dict):
        return None
    details = value.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else None
    return Usage(_count(value.get("prompt_tokens")), _count(value.get("completion_tokens")), _count(cached))


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
