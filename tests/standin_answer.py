"""What the stand-in server answers, and every fault that it can play. See standin.py."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from standin_http import Handler

ORDERS = """
!nested !flat !string !detail !html !empty !busy !toolong     an HTTP error in each form that servers and proxies use
!late          HTTP 200, some tokens, then an error event          !abort    finish_reason abort, as at a shutdown
!cut           HTTP 200, some tokens, then the connection closes   !hang     never answers     !stall  stops half way
!reasoning !reasoning_content !both !think      reasoning in each of the four ways
!tool          two tool calls in pieces          !multi   several tokens in each delta
!code          a code block, a table, a list
!long N        N tokens          !comment keep-alive comments between events          !nousage  no usage at the end
!preempt       one preemption on the way
!bare          chunks without any key that may be absent, one without choices, text in the last chunk
!metrics       figures of the server in the last chunk
!nodone        the end without [DONE]            !void    an answer without text      !cached   usage with cached tokens
"""

ERRORS: dict[str, tuple[int, str, bytes]] = {
    "nested": (400, "application/json", json.dumps({"error": {
        "message": "temperature must be non-negative, got -3.0. (parameter=temperature, value=-3.0)",
        "type": "BadRequestError", "param": "temperature", "code": 400}}).encode()),
    "flat": (400, "application/json", json.dumps({
        "object": "error", "message": "This model's maximum context length is 4096 tokens.",
        "type": "BadRequestError", "param": None, "code": 400}).encode()),
    "string": (401, "application/json", b'{"error":"Unauthorized"}'),
    "detail": (405, "application/json", b'{"detail":"Method Not Allowed"}'),
    "html": (502, "text/html", b"<html><title>502 Bad Gateway</title><body><h1>502</h1>nginx</body></html>"),
    "empty": (500, "text/plain", b""),
    "busy": (503, "application/json", json.dumps({"error": {
        "message": "The engine is currently busy and cannot accept new requests. Please try again later or on a "
        "different instance.", "type": "ServiceUnavailableError", "param": None, "code": 503}}).encode()),
    "toolong": (400, "application/json", json.dumps({"error": {
        "message": "This model's maximum context length is 4096 tokens. However, your prompt contains at least 4097 "
        "input tokens, which exceeds this limit even without any output tokens.", "type": "BadRequestError",
        "param": "input_tokens", "code": 400}}).encode()),
}  # fmt: skip


class Gone(Exception):
    """The client has closed the connection."""


class Answer:
    """One request: picks what to say by the prompt, says it, counts it."""

    def __init__(self, handler: Handler, body: dict[str, Any], *, chat: bool) -> None:
        self.handler, self.body, self.chat = handler, body, chat
        self.numbers, self.options = handler.server.numbers, handler.server.options
        self.prompt = _prompt(body)
        first = self.prompt.split(" ", 1)[0]
        self.order = first[1:] if first.startswith("!") else ""
        self.limit = int(body.get("max_completion_tokens") or body.get("max_tokens") or 1 << 30)
        self.prompt_tokens = max(1, len(self.prompt.split()))
        self.sent = 0
        self.finish = "stop"
        self.accounted = False
        self.begun = self.last = time.monotonic()

    def play(self) -> None:
        if self.order in ERRORS:
            status, kind, data = ERRORS[self.order]
            self.handler.reply(status, data, kind)
            return
        numbers = self.numbers
        self.wait_for_a_slot()
        numbers.add(prompt_tokens=self.prompt_tokens, prefix_cache_queries=self.prompt_tokens)
        numbers.observe("request_queue_time_seconds", 0.0)
        try:
            if self.order == "hang":
                self.handler.check_client(3600)
            elif self.body.get("stream"):
                self.streamed()
            else:
                self.whole()
        except Gone:
            self.finish = "abort"
            self.handler.close_connection = True
            self.handler.server.aborted.set()
        finally:
            self.account()

    def wait_for_a_slot(self) -> None:
        """Wait as a request that the scheduler holds back; then run."""
        numbers, slots = self.numbers, self.handler.server.slots
        with numbers.lock:
            numbers.waiting += 1
        slots.acquire()
        with numbers.lock:
            numbers.waiting -= 1
            numbers.running += 1

    def account(self) -> None:
        """Count the request as finished: once, and before the client can know that it is."""
        if self.accounted:
            return
        self.accounted = True
        numbers = self.numbers
        with numbers.lock:
            numbers.running -= 1
            self.handler.server.slots.release()
            reason = self.finish if self.finish in numbers.finished else "stop"  # tool calls end with "stop" there
            numbers.finished[reason] += 1
        numbers.observe("e2e_request_latency_seconds", time.monotonic() - self.begun)

    def pieces(self) -> Iterator[dict[str, Any]]:
        """The deltas of the answer; each value of `_n` is how many tokens it holds."""
        text = f"You said: {self.prompt}"
        for part, reply in self.options.replies.items():
            text = reply if part in self.prompt else text
        if self.order == "long":
            yield from ({"content": f" word{i}"} for i in range(int(self.prompt.split()[1])))
        elif self.order in ("reasoning", "reasoning_content", "both"):
            names = ("reasoning", "reasoning_content") if self.order == "both" else (self.order,)
            yield from (dict.fromkeys(names, piece) for piece in ("Let me", " think."))
            yield from ({"content": piece} for piece in ("The", " answer."))
        elif self.order == "think":
            yield from ({"content": piece} for piece in ("<th", "ink>Let me", " think.</thi", "nk>The", " answer."))
        elif self.order == "tool":
            yield from self.tools()
        elif self.order == "code":
            lines = ("Look:", "```python", "print('hi')", "```", "| a | b |", "|---|---|", "| 1 | 2 |", "", "- done")
            yield from ({"content": f"{line}\n"} for line in lines)
        elif self.order == "multi":
            yield {"content": "four tokens in one", "_n": 4}
            yield {"content": " and three more", "_n": 3}
        elif self.order != "void":
            words = text.split(" ")
            yield from ({"content": word if i == 0 else f" {word}"} for i, word in enumerate(words))

    def tools(self) -> Iterator[dict[str, Any]]:
        for index, (name, place) in enumerate((("weather", "Seoul"), ("clock", "Rome"))):
            head = {"index": index, "id": f"call-{index}", "type": "function"}
            yield {"tool_calls": [{**head, "function": {"name": name, "arguments": ""}}]}
            for piece in ('{"pl', f'ace": "{place}"', "}"):
                yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}
        self.finish = "tool_calls"

    def limited(self) -> Iterator[dict[str, Any]]:
        """`pieces` up to max_tokens, counted and paced."""
        for delta in self.pieces():
            n = int(delta.pop("_n", 1))
            if self.sent + n > self.limit:
                self.finish = "length"
                return
            first = self.sent == 0
            self.handler.check_client(self.options.first_token_delay if first else self.options.token_delay)
            now = time.monotonic()
            name = "time_to_first_token_seconds" if first else "inter_token_latency_seconds"
            self.numbers.observe(name, now - (self.begun if first else self.last))
            self.last, self.sent = now, self.sent + n
            self.numbers.add(generation_tokens=n, num_preemptions=first and self.order == "preempt")
            self.numbers.observe("iteration_tokens_total", n)
            yield delta

    def usage(self) -> dict[str, Any]:
        usage: dict[str, Any] = {"prompt_tokens": self.prompt_tokens, "completion_tokens": self.sent}
        usage["total_tokens"] = self.prompt_tokens + self.sent
        if self.order == "cached":
            usage["prompt_tokens_details"] = {"cached_tokens": 1}
        return usage

    def chunk(self, delta: dict[str, Any] | None, **choice: Any) -> str:
        model = self.body.get("model") or self.options.model
        shape = {"delta": delta} if self.chat else {"text": (delta or {}).get("content", "")}
        choices = [] if delta is None else [{"index": 0, **shape, "logprobs": None, "finish_reason": None, **choice}]
        kind = "chat.completion.chunk" if self.chat else "text_completion"
        chunk = {"id": "chatcmpl-standin", "object": kind, "created": int(time.time()), "model": model}
        chunk["choices"] = choices
        running = (self.body.get("stream_options") or {}).get("continuous_usage_stats")
        if delta is None or running:
            chunk["usage"] = self.usage()
        if delta is None and self.order == "metrics":
            chunk["metrics"] = {"time_to_first_token_ms": 12.5, "queue_time_ms": 2.0, "tokens_per_second": 99.0}
        return "data: " + json.dumps(chunk, ensure_ascii=False)

    def bare(self, delta: dict[str, Any]) -> str:
        """A chunk as `exclude_unset` leaves it; before the first an event without choices."""
        nothing = "data: {}\n\n" if self.sent == 1 else ""
        return nothing + "data: " + json.dumps({"choices": [{"delta": delta}]})

    def streamed(self) -> None:
        handler, order = self.handler, self.order
        handler.start_stream()
        if self.chat:
            handler.event(self.chunk({"role": "assistant", "content": ""}))
        for number, delta in enumerate(self.limited()):
            if order == "comment":
                handler.event(": keep-alive")
            handler.event(self.bare(delta) if order == "bare" else self.chunk(delta))
            if number == 1 and order in ("late", "cut", "stall", "abort"):
                self.break_off()
                return
        self.account()
        last = {"content": " the end" if order == "bare" else ""}
        handler.event(self.chunk(last, finish_reason=self.finish, stop_reason=None))
        if order != "nousage" and (self.body.get("stream_options") or {}).get("include_usage"):
            handler.event(self.chunk(None))
        if order != "nodone":
            handler.event("data: [DONE]")
        handler.end_stream()

    def break_off(self) -> None:
        handler = self.handler
        self.finish = "error"
        if self.order == "cut":
            handler.drop()
        elif self.order == "stall":
            handler.check_client(3600)
        elif self.order == "abort":
            handler.event(self.chunk({"content": ""}, finish_reason="abort"))
            handler.event("data: [DONE]")
            handler.end_stream()
        else:
            message = "EngineCore encountered an issue. See stack trace (above) for the root cause."
            error = {"message": message, "type": "InternalServerError", "param": None, "code": 500}
            handler.event("data: " + json.dumps({"error": error}))
            handler.event("data: [DONE]")
            handler.end_stream()

    def whole(self) -> None:
        message: dict[str, Any] = {"role": "assistant", "content": ""}
        for delta in self.limited():
            calls = delta.pop("tool_calls", None)
            for name, piece in delta.items():
                message[name] = message.get(name, "") + piece
            for call in calls or ():
                known = message.setdefault("tool_calls", [])
                if call["index"] == len(known):
                    known.append({**call, "function": dict(call["function"])})
                else:
                    known[call["index"]]["function"]["arguments"] += call["function"]["arguments"]
        shape = {"message": message} if self.chat else {"text": message["content"]}
        answer = {"id": "chatcmpl-standin", "object": "chat.completion", "created": int(time.time()),
                  "model": self.body.get("model") or self.options.model,
                  "choices": [{"index": 0, **shape, "finish_reason": self.finish}], "usage": self.usage()}  # fmt: skip
        self.account()
        self.handler.reply(200, json.dumps(answer).encode())


def _prompt(body: dict[str, Any]) -> str:
    """The text of the last message, or of `prompt`."""
    messages = body.get("messages") or [{"content": body.get("prompt", "")}]
    content = messages[-1].get("content") or ""
    if isinstance(content, list):
        content = " ".join(part.get("text", "") for part in content if isinstance(part, dict))
    return str(content)
