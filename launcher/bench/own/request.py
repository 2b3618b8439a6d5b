"""One request of a benchmark: sent, its tokens timed, its end noted. Definitions as in vLLM's benchmarks/lib."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from launcher.bench.own.wire import Broken, Line, Wire
from launcher.serving import errors
from launcher.serving.sse import Splitter, TooLong

_ERROR_BYTES = 64 * 1024


class Prompt(NamedTuple):
    """What is sent: a text, or the tokens of one. ``input_len``: tokens, as far as they are known before."""

    content: str | list[int]
    input_len: int
    output_len: int


@dataclass(slots=True)
class Outcome:
    """What came of one request; seconds of ``time.perf_counter``."""

    input_len: int = 0
    output_tokens: int = 0
    start: float = 0.0
    ttft: float = 0.0
    """From sending to the first chunk with a choice."""
    itls: list[float] = field(default_factory=list)
    """Between one such chunk and the next."""
    latency: float = 0.0
    """From sending to the last such chunk."""
    text: str = ""
    queued: float = 0.0
    """How long it waited in the client for a free place."""
    lag: float = 0.0
    """How much later than due the client got to it."""
    error: str = ""

    @property
    def success(self) -> bool:
        """It was answered."""
        return not self.error


class Question(NamedTuple):
    """What is the same for all requests."""

    path: str
    chat: bool
    model: str
    options: dict[str, Any]


async def ask(wire: Wire, question: Question, prompt: Prompt) -> Outcome:
    """Send one request and time its answer. Never raises (but for being cancelled, which closes the connection)."""
    outcome = Outcome(input_len=prompt.input_len)
    data = json.dumps(_body(question, prompt)).encode()
    outcome.start = time.perf_counter()
    line: Line | None = None
    try:
        reply, line = await wire.post(question.path, data)
        if reply.status != 200:
            raw = b"".join([piece async for piece in line.body()])[:_ERROR_BYTES]
            outcome.error = errors.from_response(reply.status, reply.fields.get("content-type", ""), raw).title
        else:
            await _listen(line.body(), outcome, chat=question.chat)
        wire.done(line)
        line = None
    except (OSError, EOFError, Broken, TooLong, ValueError, TimeoutError) as error:
        outcome.error = str(error) or type(error).__name__
    finally:
        if line is not None:
            line.close()
    return outcome


def _body(question: Question, prompt: Prompt) -> dict[str, Any]:
    if question.chat:
        asked: dict[str, Any] = {"messages": [{"role": "user", "content": prompt.content}]}
        asked["max_completion_tokens"] = prompt.output_len
    else:
        asked = {"prompt": prompt.content, "max_tokens": prompt.output_len}
    stream = {"stream": True, "stream_options": {"include_usage": True}}
    return {"model": question.model, **asked, **stream, **question.options}


async def _listen(body: AsyncIterator[bytes], outcome: Outcome, *, chat: bool) -> None:
    splitter, texts, last = Splitter(), [], outcome.start
    begun = False
    async for piece in body:
        for event in splitter.feed(piece):
            if event.data == "[DONE]":
                continue
            chunk = json.loads(event.data)
            if chunk.get("error"):
                outcome.error = errors.from_stream(chunk).title
                return
            choices, usage = chunk.get("choices"), chunk.get("usage")
            if choices:
                now = time.perf_counter()
                if chat and not begun and not _says(choices[0].get("delta") or {}):
                    continue  # the first chunk of a chat only names the role
                if begun:
                    outcome.itls.append(now - last)
                else:
                    begun, outcome.ttft = True, now - outcome.start
                last = now
                texts.append(_text(choices[0], chat=chat))
            if usage:
                outcome.output_tokens = usage.get("completion_tokens") or outcome.output_tokens
                outcome.input_len = usage.get("prompt_tokens") or outcome.input_len
    outcome.latency, outcome.text = last - outcome.start, "".join(texts)
    if not begun:
        outcome.error = "no token came"


def _says(delta: dict[str, Any]) -> bool:
    return any(delta.get(name) for name in ("content", "reasoning", "reasoning_content", "tool_calls"))


def _text(choice: dict[str, Any], *, chat: bool) -> str:
    if not chat:
        return choice.get("text") or ""
    delta = choice.get("delta") or {}
    return delta.get("content") or delta.get("reasoning") or delta.get("reasoning_content") or ""
