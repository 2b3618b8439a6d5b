"""The HTTP side of the stand-in server: routes, keys, chunked streams, clients that go away. See standin.py."""

from __future__ import annotations

import argparse
import contextlib
import json
import select
import socket
import sys
import threading
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standin_answer import ERRORS, Answer, Gone
from standin_metrics import Numbers
from standin_refusal import refusal


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
        self.slots = threading.Semaphore(options.max_num_seqs)
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
        if path in ("/tokenize", "/detokenize"):
            self.reply(200, json.dumps(words_and_tokens(path, body)).encode())
            return
        if path not in ("/v1/chat/completions", "/v1/completions"):
            self.reply(404, b'{"detail":"Not Found"}')
            return
        known = [card["id"] for card in self.cards()]
        if body.get("model") and body["model"] not in known:
            message = f"The model `{body['model']}` does not exist."
            error = {"message": message, "type": "NotFoundError", "param": "model", "code": 404}
            self.reply(404, json.dumps({"error": error}).encode())
            return
        chat = path.endswith("chat/completions")
        refused = refusal(body, self.server.options, chat=chat)
        if refused is not None:
            self.reply(400, refused)
            return
        Answer(self, body, chat=chat).play()

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


_WORDS: dict[int, str] = {}


def words_and_tokens(path: str, body: dict[str, Any]) -> dict[str, Any]:
    """``/tokenize`` and ``/detokenize``: a token is a word."""
    if path == "/detokenize":
        return {"prompt": " ".join(_WORDS.get(token, "?") for token in body.get("tokens") or ())}
    words = str(body.get("prompt", "")).split()
    tokens = [zlib.crc32(word.encode()) for word in words]
    _WORDS.update(zip(tokens, words))
    return {"count": len(tokens), "max_model_len": 4096, "tokens": tokens}


def say(line: str) -> None:
    # One write a line: several threads print, and the log must not mix them.
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
