"""The HTTP side of the stand-in server: routes, streamed and whole answers, every fault. See standin.py."""

from __future__ import annotations

import argparse
import contextlib
import json
import select
import socket
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standin_metrics import Numbers

ORDERS = """
!nested !flat !string !detail !html !empty !busy !toolong     an HTTP error in each form that servers and proxies use
!late          HTTP 200, some tokens, then an error event          !abort    finish_reason abort, as at a shutdown
!cut           HTTP 200, some tokens, then the connection closes   !hang     never answers     !stall  stops half way
!reasoning !reasoning_content !both !think      reasoning in each of the four ways
!tool          two tool calls in pieces          !multi   several tokens in each delta
!long N        N tokens          !comment keep-alive comments between events          !nousage  no usage at the end
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


class Server(ThreadingHTTPServer):
    """Bound at once, listening only after ``server_activate``, as vLLM does it."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, host: str, port: int, options: argparse.Namespace) -> None:
        super().__init__((host, port), Handler, bind_and_activate=False)
        self.server_bind()
        self.options = options
        self.numbers = Numbers(options.model)
        self.stopping = threading.Event()
        self.bodies: list[dict[str, Any]] = []
        """Every request body that came, for asserts."""
        self.aborted = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is nothing to print about."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def log_message(self, format: str, *args: object) -> None:
        if self.server.options.access_log:
            host, port = self.client_address[:2]
            say(f'INFO:     {host}:{port} - "{self.requestline}" {args[1] if len(args) > 1 else "-"} OK')

    def reply(self, status: int, body: bytes, kind: str = "application/json") -> None:
        self.count(status)
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def count(self, status: int) -> None:
        key = (self.path.partition("?")[0], self.command, f"{status // 100}xx")
        with self.server.numbers.lock:
            self.server.numbers.http[key] = self.server.numbers.http.get(key, 0) + 1

    def denied(self) -> bool:
        key = self.server.options.api_key
        if not key or not self.path.startswith("/v1") or self.headers.get("authorization") == f"Bearer {key}":
            return False
        self.reply(*ERRORS["string"][::2], kind="application/json")
        return True

    def do_GET(self) -> None:
        if self.denied():
            return
        path = self.path.partition("?")[0]
        if path in ("/health", "/ping"):
            self.reply(200, b"", "text/plain")
        elif path == "/metrics":
            self.reply(200, self.server.numbers.page().encode(), "text/plain; version=0.0.4; charset=utf-8")
        elif path == "/version":
            self.reply(200, b'{"version":"0.33.0"}')
        elif path == "/v1/models":
            self.reply(200, json.dumps({"object": "list", "data": self.cards()}).encode())
        else:
            self.reply(404, b'{"detail":"Not Found"}')

    def cards(self) -> list[dict[str, Any]]:
        options = self.server.options
        card = {"object": "model", "created": 1795331566, "owned_by": "vllm", "permission": []}
        base = {**card, "id": options.model, "root": options.model, "parent": None, "max_model_len": 4096}
        loras = [{**card, "id": name, "root": f"/lora/{name}", "parent": options.model} for name in options.lora]
        return [base, *loras]

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.denied():
            return
        try:
            body = json.loads(raw)
        except ValueError:
            error = {"message": "JSON decode error", "type": "Bad Request", "code": 400}
            self.reply(400, json.dumps({"error": error}).encode())
            return
        self.server.bodies.append(body)
        path = self.path.partition("?")[0]
        if path not in ("/v1/chat/completions", "/v1/completions"):
            self.reply(404, b'{"detail":"Not Found"}')
            return
        known = [card["id"] for card in self.cards()]
        if body.get("model") and body["model"] not in known:
            message = f"The model `{body['model']}` does not exist."
            error = {"message": message, "type": "NotFoundError", "param": "model", "code": 404}
            self.reply(404, json.dumps({"error": error}).encode())
            return
        Answer(self, body, chat=path.endswith("chat/completions")).play()

    # chunked transfer, by hand
    def start_stream(self) -> None:
        self.count(200)
        self.send_response(200)
        self.send_header("content-type", "text/event-stream; charset=utf-8")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()

    def event(self, text: str) -> None:
        self.check_client()
        data = f"{text}\n\n".encode()
        try:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            self.wfile.flush()
        except OSError as error:
            raise Gone from error

    def end_stream(self) -> None:
        with contextlib.suppress(OSError):
            self.wfile.write(b"0\r\n\r\n")

    def check_client(self, wait_s: float = 0.0) -> None:
        """Wait, but raise Gone as soon as the client closes (its side of the socket gets readable and is empty)."""
        deadline = time.monotonic() + wait_s
        while not self.server.stopping.is_set():
            left = max(0.0, deadline - time.monotonic())
            readable, _, _ = select.select([self.connection], [], [], min(left, 0.2))
            if readable:
                try:
                    if not self.connection.recv(1, socket.MSG_PEEK):
                        raise Gone
                except OSError as error:
                    raise Gone from error
                return  # a second request in the pipe: not ours to read now
            if left <= 0.2:
                return

    def drop(self) -> None:
        """Close the connection without an end."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


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
        self.begun = self.last = time.monotonic()

    def play(self) -> None:
        if self.order in ERRORS:
            status, kind, data = ERRORS[self.order]
            self.handler.reply(status, data, kind)
            return
        numbers = self.numbers
        with numbers.lock:
            numbers.running += 1
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
            with numbers.lock:
                numbers.running -= 1
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
            self.handler.check_client(self.options.token_delay)
            now = time.monotonic()
            first = self.sent == 0
            name = "time_to_first_token_seconds" if first else "inter_token_latency_seconds"
            self.numbers.observe(name, now - (self.begun if first else self.last))
            self.last, self.sent = now, self.sent + n
            self.numbers.add(generation_tokens=n)
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
        if delta is None:
            chunk["usage"] = self.usage()
        return "data: " + json.dumps(chunk, ensure_ascii=False)

    def streamed(self) -> None:
        handler, order = self.handler, self.order
        handler.start_stream()
        if self.chat:
            handler.event(self.chunk({"role": "assistant", "content": ""}))
        for number, delta in enumerate(self.limited()):
            if order == "comment":
                handler.event(": keep-alive")
            handler.event(self.chunk(delta))
            if number == 1 and order in ("late", "cut", "stall", "abort"):
                self.break_off()
                return
        handler.event(self.chunk({"content": ""}, finish_reason=self.finish, stop_reason=None))
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
        self.handler.reply(200, json.dumps(answer).encode())


def _prompt(body: dict[str, Any]) -> str:
    """The text of the last message, or of `prompt`."""
    messages = body.get("messages") or [{"content": body.get("prompt", "")}]
    content = messages[-1].get("content") or ""
    if isinstance(content, list):
        content = " ".join(part.get("text", "") for part in content if isinstance(part, dict))
    return str(content)


def say(line: str) -> None:
    # One write a line: several threads print, and the log must not mix them.
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
