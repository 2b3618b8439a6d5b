"""What a chat consists of: the question's options, and the parts of an answer as they come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple


class Model(NamedTuple):
    """One entry of ``/v1/models``. ``parent``: the base model of a LoRA adapter."""

    id: str
    max_model_len: int | None = None
    """Tokens of prompt and answer together."""
    parent: str | None = None


class Delta(NamedTuple):
    """A piece of the answer, or of the reasoning before it. May hold several tokens."""

    kind: Literal["content", "reasoning"]
    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that the model wants: once with ``complete`` False when its name is known, once with all its arguments."""

    index: int
    id: str
    name: str
    arguments: str
    """JSON text, as the model wrote it; only as good as the model."""
    complete: bool


class Usage(NamedTuple):
    """Tokens as the server counted them. None: it did not say."""

    prompt_tokens: int | None
    completion_tokens: int | None
    cached_tokens: int | None = None
    """Tokens of the prompt that came out of the prefix cache."""


class Finish(NamedTuple):
    """Why the answer ended: stop, length, tool_calls, abort (the server gave up the request), content_filter, …"""

    reason: str


Part = Delta | ToolCall | Usage | Finish


@dataclass(frozen=True, slots=True)
class ChatParams:
    """Options of a request. None: not sent, the server's default holds. ``extra`` goes into the body as it is."""

    model: str | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    repetition_penalty: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] | None = None
    reasoning_effort: str | None = None
    include_reasoning: bool | None = None
    chat_template_kwargs: Mapping[str, Any] | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """The options as fields of a request body."""
        names = [name for name in self.__slots__ if name != "extra"]
        values = {name: getattr(self, name) for name in names}
        body = {name: list(value) if name == "stop" else value for name, value in values.items() if value is not None}
        return {**body, **self.extra}
