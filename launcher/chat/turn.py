"""One thing that was said in a conversation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

Role = Literal["system", "user", "assistant", "clear", "rewind", "resume"]
ROLES: tuple[Role, ...] = ("system", "user", "assistant", "clear", "rewind", "resume")


class Call(NamedTuple):
    """A tool call that the model wanted. ``arguments``: JSON text, only as good as the model."""

    name: str
    arguments: str
    id: str = ""


class Turn(NamedTuple):
    """What was said, or a mark of the transcript.

    Marks: ``clear`` (what came before belongs to an earlier conversation), ``rewind`` (of this conversation only the
    first ``keep`` turns stay: somebody edited a prompt or asked for another answer), ``resume`` (go on with the earlier
    conversation whose first turn has the time ``keep_time``).
    """

    role: Role
    text: str
    time: float = 0.0
    """Seconds since the epoch."""
    model: str | None = None
    stats: Mapping[str, Any] = {}
    """Plain figures (ttft_s, tokens_per_s, prompt_tokens, completion_tokens, cached_tokens, total_s, finish_reason …);
    what is unknown is absent or None."""
    error: str | None = None
    """Why an answer did not come, or not to its end, in one sentence."""
    reasoning: str = ""
    calls: tuple[Call, ...] = ()
    images: tuple[str, ...] = ()
    """Paths or URLs of the pictures that went with a prompt; never their bytes."""
    keep: int = 0
    keep_time: float = 0.0
