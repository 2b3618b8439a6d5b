"""How a prompt is sent: model, system prompt, sampling options. None: the server's own default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Mode = Literal["chat", "completions"]


@dataclass(frozen=True, slots=True)
class ChatSettings:
    """One value of all options; a change is a new value (``dataclasses.replace``)."""

    model: str | None = None
    """None: the first served model."""
    system: str | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    repetition_penalty: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    reasoning_effort: str | None = None
    """low, medium, high: for models that know it."""
    thinking: bool | None = None
    """``chat_template_kwargs.enable_thinking``; None: as the template has it."""
    mode: Mode = "chat"
    """``completions``: the text goes to the model as it is, without a chat template (base models)."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of the request body."""

    def describe(self) -> str:
        """What differs from the defaults, for the line above the prompt."""
        parts = ["completions"] if self.mode == "completions" else []
        parts += [f"max {self.max_tokens}"] if self.max_tokens is not None else []
        parts += [f"temp {self.temperature:g}"] if self.temperature is not None else []
        parts += [f"seed {self.seed}"] if self.seed is not None else []
        parts += ["system prompt set"] if self.system else []
        others = (
            self.top_p, self.top_k, self.min_p, self.presence_penalty, self.frequency_penalty, self.repetition_penalty,
            self.stop or None, self.reasoning_effort, self.thinking, self.extra or None,
        )  # fmt: skip
        more = sum(value is not None for value in others)
        parts += [f"+{more} option{'s' if more > 1 else ''}"] if more else []
        return "  ".join(parts)
