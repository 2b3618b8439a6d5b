"""The client against a server that plays every answer and every fault."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from standin import StandIn

from launcher.serving.client import (
    ChatClient,
    ChatParams,
    ChatStream,
    Delta,
    Finish,
    Model,
    Part,
    ServingError,
    ToolCall,
    Usage,
    is_loopback,
)


@pytest.fixture(scope="module")
def server() -> Iterator[StandIn]:
    with StandIn(model="tiny", lora=["sql-lora"]) as found:
        yield found


@pytest.fixture
async def client(server: StandIn) -> AsyncIterator[ChatClient]:
    server.server.aborted.clear()
    async with ChatClient(server.url) as found:
        yield found


def _ask(client: ChatClient, prompt: str, **options: Any) -> ChatStream:
    return client.stream([{"role": "user", "content": prompt}], ChatParams(**options))


async def _read(stream: ChatStream) -> tuple[list[Part], ServingError | None]:
    parts: list[Part] = []
    try:
        async for part in stream:
            parts.append(part)
    except ServingError as error:
        return parts, error
    return parts, None


def _text(parts: list[Part], kind: str = "content") -> str:
    return "".join(part.text for part in parts if isinstance(part, Delta) and part.kind == kind)


async def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true within 5 s"
        await asyncio.sleep(0.01)


async def test_models(client: ChatClient) -> None:
    assert await client.models() == (Model("tiny", 4096), Model("sql-lora", None, "tiny"))


@pytest.mark.parametrize("suffix", ["", "/", "/v1", "/v1/", " "])
async def test_any_form_of_the_address(server: StandIn, suffix: str) -> None:
    async with ChatClient(server.url + suffix) as client:
        assert len(await client.models()) == 2


async def test_the_speed_of_an_answer_that_takes_its_time() -> None:
    with StandIn(model="tiny", token_delay=0.02) as slow:
        async with ChatClient(slow.url) as client:
            stream = _ask(client, "one two three four")
            await _read(stream)
            stats = stream.stats()
    assert stats.tokens_per_s is not None and 5 < stats.tokens_per_s < 60


async def test_an_answer(client: ChatClient) -> None:
    stream = _ask(client, "hello there 한글 🚀")
    assert stream.stats().total_s is None
    parts, error = await _read(stream)
    assert error is None
    assert _text(parts) == "You said: hello there 한글 🚀"
    assert parts[-2:] == [Finish("stop"), Usage(4, 6)]
    stats = stream.stats()
    assert (stats.prompt_tokens, stats.completion_tokens, stats.finish_reason) == (4, 6, "stop")
    assert stats.ttft_s is not None
    assert stats.total_s is not None
    assert 0 < stats.ttft_s <= stats.total_s < 5
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


async def test_what_is_sent(server: StandIn, client: ChatClient) -> None:
    await _read(_ask(client, "x", model="sql-lora", max_tokens=7, temperature=0.0, seed=3, extra={"logprobs": True}))
    assert server.server.bodies[-1] == {
        "model": "sql-lora", "max_tokens": 7, "temperature": 0.0, "seed": 3, "logprobs": True, "stream": True,
        "stream_options": {"include_usage": True}, "messages": [{"role": "user", "content": "x"}],
    }  # fmt: skip


async def test_max_tokens(client: ChatClient) -> None:
    parts, _ = await _read(_ask(client, "a b c d", max_tokens=3))
    assert _text(parts) == "You said: a"
    assert parts[-2:] == [Finish("length"), Usage(4, 3)]


@pytest.mark.parametrize("order", ["!reasoning", "!reasoning_content", "!both", "!think"])
async def test_reasoning_comes_once_and_apart(client: ChatClient, order: str) -> None:
    parts, error = await _read(_ask(client, order))
    assert error is None
    assert _text(parts, "reasoning") == "Let me think."
    assert _text(parts) == "The answer."


async def test_tool_calls(client: ChatClient) -> None:
    stream = _ask(client, "!tool")
    parts, _ = await _read(stream)
    calls = [part for part in parts if isinstance(part, ToolCall)]
    assert [(call.name, call.complete) for call in calls] == [
        ("weather", False), ("clock", False), ("weather", True), ("clock", True),
    ]  # fmt: skip
    assert calls[2].arguments == '{"place": "Seoul"}'
    assert stream.stats().finish_reason == "tool_calls"
    assert stream.stats().ttft_s is not None


async def test_speed_comes_from_usage_not_from_chunks() -> None:
    with StandIn(token_delay=0.05) as server:
        async with ChatClient(server.url) as client:
            stream = _ask(client, "!multi")  # 7 tokens in two chunks, 50 ms apart
            await _read(stream)
    stats = stream.stats()
    assert stats.completion_tokens == 7
    assert stats.tokens_per_s is not None
    assert stats.ttft_s is not None
    assert stats.total_s is not None
    assert stats.tokens_per_s < 6 / 0.04
    assert stats.tokens_per_s * (stats.total_s - stats.ttft_s) >= 6  # by chunks it would be 1


@pytest.mark.parametrize(
    ("order", "text", "last"),
    [
        ("!comment", "You said: !comment", Usage(1, 3)),
        ("!nousage", "You said: !nousage", Finish("stop")),
        ("!nodone", "You said: !nodone", Usage(1, 3)),
        ("!void", "", Usage(1, 0)),
        ("!cached", "You said: !cached", Usage(1, 3, 1)),
        ("!abort", "You said:", Finish("abort")),
    ],
)
async def test_odd_but_whole(client: ChatClient, order: str, text: str, last: Part) -> None:
    parts, error = await _read(_ask(client, order))
    assert error is None
    assert _text(parts) == text
    assert parts[-1] == last


@pytest.mark.parametrize(
    ("order", "text", "kind", "title"),
    [
        ("!nested", "", "http", "temperature must be non-negative"),
        ("!flat", "", "http", "maximum context length"),
        ("!string", "", "http", "wants an API key"),
        ("!detail", "", "http", "Method Not Allowed"),
        ("!html", "", "http", "502 Bad Gateway"),
        ("!empty", "", "http", "HTTP 500"),
        ("!busy", "", "http", "currently busy"),
        ("!toolong", "", "http", "4097 input tokens"),
        ("!late", "You said:", "stream", "EngineCore encountered an issue"),
        ("!cut", "You said:", "interrupted", "in the middle of the answer"),
    ],
)
async def test_faults(client: ChatClient, order: str, text: str, kind: str, title: str) -> None:
    stream = _ask(client, order)
    parts, error = await _read(stream)
    assert error is not None
    assert (_text(parts), error.kind) == (text, kind)  # what came before the fault is kept
    assert title in error.title
    assert error.fix
    assert stream.stats().finish_reason == ("interrupted" if kind == "interrupted" else "error")
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


async def test_an_unknown_model(client: ChatClient) -> None:
    _, error = await _read(_ask(client, "x", model="nope"))
    assert error is not None
    assert (error.status, error.code) == (404, "NotFoundError")
    assert error.title == "not found: The model `nope` does not exist"


@pytest.mark.parametrize(("order", "words"), [("!hang", "sent nothing for 0.2 s"), ("!stall", "in the middle of")])
async def test_silence_ends(server: StandIn, order: str, words: str) -> None:
    async with ChatClient(server.url, silence_s=0.2) as client:
        _, error = await _read(_ask(client, order))
    assert error is not None
    assert error.kind == "timeout"
    assert words in error.title
    await _until(lambda: server.running == 0)


@pytest.mark.parametrize("order", ["!long 100000", "!stall", "!hang"])
async def test_cancelling_frees_the_server_at_once(server: StandIn, client: ChatClient, order: str) -> None:
    task = asyncio.create_task(_read(_ask(client, order)))
    await _until(lambda: server.running == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await _until(lambda: server.running == 0)
    assert server.server.aborted.is_set()


async def test_leaving_the_block_closes(server: StandIn, client: ChatClient) -> None:
    async with _ask(client, "!long 100000") as stream:
        async for _ in stream:
            break
    await _until(lambda: server.running == 0)
    assert stream.stats().finish_reason == "cancelled"


async def test_closing_from_another_task_is_no_error(server: StandIn, client: ChatClient) -> None:
    stream = _ask(client, "!stall")
    task = asyncio.create_task(_read(stream))
    await _until(lambda: stream.stats().ttft_s is not None)
    await stream.aclose()
    parts, error = await asyncio.wait_for(task, 5)
    assert error is None
    assert _text(parts) == "You said:"
    await _until(lambda: server.running == 0)
    await stream.aclose()


async def test_several_streams_at_a_time(client: ChatClient) -> None:
    found = await asyncio.gather(*(_read(_ask(client, f"number {number}")) for number in range(10)))
    assert [_text(parts) for parts, _ in found] == [f"You said: number {number}" for number in range(10)]


async def test_the_key() -> None:
    with StandIn(api_key="secret-key") as server:
        for key, title in ((None, "wants an API key"), ("wrong", "refused the API key")):
            async with ChatClient(server.url, api_key=key) as client:
                with pytest.raises(ServingError, match=title):
                    await client.models()
                _, error = await _read(_ask(client, "x"))
                assert error is not None
                assert title in error.title
        async with ChatClient(server.url, api_key="secret-key") as client:
            assert await client.models()


@pytest.mark.parametrize("key", ["two\nlines", "schlüssel"])
def test_a_key_that_cannot_be_sent(key: str) -> None:
    with pytest.raises(ServingError, match="cannot be sent"):
        ChatClient("http://127.0.0.1:1", api_key=key)


async def _fails(use: Callable[[ChatClient], Awaitable[object]], url: str) -> ServingError:
    async with ChatClient(url) as client:
        with pytest.raises(ServingError) as caught:
            await use(client)
    return caught.value


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("http://127.0.0.1:1", "unreachable"),
        ("http://no-such-host.invalid", "unreachable"),
        ("127.0.0.1:8000", "usage"),
        ("ftp://127.0.0.1", "usage"),
        ("http://[bad", "unreachable"),
        ("", "usage"),
    ],
)
async def test_nobody_there(url: str, kind: str) -> None:
    assert (await _fails(lambda client: client.models(), url)).kind == kind
    assert (await _fails(lambda client: anext(_ask(client, "x")), url)).kind == kind


async def test_https_to_a_plain_server(server: StandIn) -> None:
    error = await _fails(lambda client: client.models(), server.url.replace("http:", "https:"))
    assert "no secure connection" in error.title


async def test_a_proxy_variable_does_not_catch_loopback(server: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with ChatClient(server.url) as client:
        assert await client.models()


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("http://127.0.0.1:8000", True), ("http://127.1.2.3", True), ("http://localhost:1", True),
        ("http://[::1]:1", True), ("http://0.0.0.0:8000", True), ("http://a.localhost", True),
        ("http://10.0.0.1", False), ("https://example.org", False), ("http://localhost.example.org", False),
        ("nonsense", False), ("http://[x", False),
    ],
)  # fmt: skip
def test_loopback(url: str, wanted: bool) -> None:
    assert is_loopback(url) is wanted


@contextmanager
def _raw(answer: bytes) -> Iterator[str]:
    """A server that sends these bytes to whoever asks, and closes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    _take_request(connection)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def _take_request(connection: socket.socket) -> None:
    """All of it: closing with unread bytes would reset the connection."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    while len(body) < length and (chunk := connection.recv(65536)):
        body += chunk


def _http(kind: str, body: bytes, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\nconnection: close\r\n\r\n".encode() + body


EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"hi"}}]}\n\n'


@pytest.mark.parametrize(
    ("answer", "text", "kind"),
    [
        (b"", "", "interrupted"),
        (b"no http at all", "", "interrupted"),
        (_http("text/event-stream", b""), "", "answer"),
        (_http("text/event-stream", EVENT), "hi", "interrupted"),
        (_http("text/event-stream", EVENT + b"data: {broken\n\n"), "hi", "answer"),
        (_http("text/plain", EVENT + b"data: [DONE]\n\n"), "hi", None),
        (_http("text/plain", b"Hello, I am no model"), "", "answer"),
        (_http("text/html", b"<title>Log in</title>"), "", "answer"),
        (_http("application/json", b'{"error":"out of cheese"}'), "", "stream"),
        (_http("application/json", b"{broken"), "", "answer"),
        (_http("application/json", b'{"choices":[{"message":{"content":"all"},"finish_reason":"stop"}]}'), "all", None),
        (_http("application/json", b"", "204 No Content"), "", "http"),
        (_http("text/event-stream", EVENT + b"data: [DONE]"), "hi", None),
    ],
)
async def test_strange_servers(answer: bytes, text: str, kind: str | None) -> None:
    with _raw(answer) as url:
        async with ChatClient(url) as client:
            parts, error = await _read(_ask(client, "x"))
    assert _text(parts) == text
    assert (error.kind if error is not None else None) == kind


@pytest.mark.parametrize("body", [b"", b"[]", b'{"data": 5}', b"<html>", b'{"object":"list"}'])
async def test_strange_lists_of_models(body: bytes) -> None:
    with _raw(_http("application/json", body)) as url:
        error = await _fails(lambda client: client.models(), url)
    assert error.kind == "answer"


async def test_odd_entries_of_a_list_of_models_are_left_out() -> None:
    cards = b'{"id":"a","max_model_len":"x","parent":5},null,{"id":5},{"id":"b","max_model_len":8,"parent":"a"}'
    body = b'{"data":[' + cards + b"]}"
    with _raw(_http("application/json", body)) as url:
        async with ChatClient(url) as client:
            assert await client.models() == (Model("a"), Model("b", 8, "a"))
