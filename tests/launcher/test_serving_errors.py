"""Every form of an error body ends in one clear sentence with a fix."""

from __future__ import annotations

import errno
import json
import socket
import ssl

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.serving import errors
from launcher.serving.unreachable import from_exception

NESTED = {"error": {"message": "temperature must be non-negative, got -3.0.", "type": "BadRequestError", "code": 400}}
UNKNOWN = {"error": {"message": "The model `x` does not exist.", "type": "NotFoundError", "param": "model"}}
TOO_LONG = {"object": "error", "message": "This model's maximum context length is 4096 tokens.", "type": "x"}
NO_TEMPLATE = {"error": {"message": "default chat template is no longer allowed", "type": "BadRequestError"}}
NO_TOOLS = {"error": {"message": '"auto" tool choice requires --enable-auto-tool-choice', "type": "BadRequestError"}}
MAX_TOKENS = {"error": {"message": "max_tokens=99999 cannot be greater than max_model_len=4096.", "code": 400}}
VALIDATION = {"detail": [{"loc": ["body", "messages"], "msg": "Field required", "type": "missing"}]}
DEAD = {"error": {"message": "EngineCore encountered an issue.", "type": "InternalServerError", "code": 500}}
BUSY = {"error": {"message": "The engine is currently busy and cannot accept new requests.", "code": 503}}
HTML = b"<html><head><title>502 Bad\nGateway</title></head><body><h1>nginx</h1></body></html>"


@pytest.mark.parametrize(
    ("status", "body", "title", "fix"),
    [
        (400, NESTED, "temperature must be non-negative, got -3.0", "change the request"),
        (400, TOO_LONG, "maximum context length is 4096 tokens", "max-model-len"),
        (400, NO_TEMPLATE, "chat template", "chat-template"),
        (400, NO_TOOLS, "tool choice", "enable-auto-tool-choice"),
        (400, MAX_TOKENS, "max_tokens=99999", "fewer tokens"),
        (401, {"error": "Unauthorized"}, "wants an API key", "VLLM_API_KEY"),
        (403, {"detail": "no"}, "forbids this: no", "API key"),
        (404, UNKNOWN, "The model `x` does not exist", "models that the server lists"),
        (404, {"detail": "Not Found"}, "does not know this address", "chat model"),
        (405, {"detail": "Method Not Allowed"}, "Method Not Allowed", "OpenAI-compatible"),
        (413, b"", "too large", "shorten"),
        (422, VALIDATION, "messages: Field required", "change the request"),
        (429, {"message": "slow down"}, "too many requests: slow down", "wait"),
        (500, b"", "failed on the request (HTTP 500)", "vdeck run logs"),
        (500, DEAD, "EngineCore encountered an issue", "restart the run"),
        (501, {"error": {"message": "not here"}}, "cannot do this: not here", "that can"),
        (502, HTML, "502: 502 Bad Gateway", "server runs"),
        (503, BUSY, "currently busy", "wait a moment"),
        (504, b"", "a proxy in front of the server", "server runs"),
        (302, b"", "points elsewhere", "address"),
        (418, b"short and stout", "HTTP 418): short and stout", "change the request"),
        (500, b"\x1b[31mred\x00 \xff", "red \ufffd", "logs"),
        (500, [{"error": {"message": "in a list"}}], "in a list", "logs"),
        (500, {"error": {"nothing": 1}}, "failed on the request (HTTP 500)", "logs"),
        (500, "just text", "just text", "logs"),
    ],
)
def test_bodies(status: int, body: object, title: str, fix: str) -> None:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = "text/html" if data[:1] == b"<" else "application/json"
    error = errors.from_response(status, kind, data)
    assert title in error.title
    assert fix in error.fix
    assert (error.kind, error.status) == ("http", status)
    sentence = error.sentence()
    assert sentence.isprintable()
    assert "\n" not in sentence
    assert ".." not in sentence


def test_a_wrong_key_is_not_a_missing_one() -> None:
    refused = errors.from_response(401, "application/json", b'{"error":"Unauthorized"}', with_key=True)
    assert refused.title == "the server refused the API key"


def test_the_servers_name_of_the_error() -> None:
    assert errors.from_response(400, "", json.dumps(NESTED).encode()).code == "BadRequestError"
    assert errors.from_response(422, "", json.dumps(VALIDATION).encode()).code == "validation"
    assert errors.from_response(502, "text/html", HTML).code is None


def test_a_long_message_is_cut_and_kept_in_the_detail() -> None:
    error = errors.from_response(400, "", json.dumps({"error": {"message": "long " * 1000}}).encode())
    assert len(error.title) < 400
    assert len(error.detail) > 1000


@given(st.integers(100, 599), st.sampled_from(["", "text/html", "application/json"]), st.binary(max_size=60))
def test_any_body(status: int, kind: str, body: bytes) -> None:
    error = errors.from_response(status, kind, body)
    assert error.title
    assert error.fix
    assert "\x1b" not in error.sentence() + error.detail


def _because(cause: BaseException) -> httpx.ConnectError:
    error = httpx.ConnectError("All connection attempts failed")
    error.__cause__ = cause
    return error


URL = "http://h:1"


@pytest.mark.parametrize(
    ("error", "begun", "kind", "title"),
    [
        (_because(ConnectionRefusedError(errno.ECONNREFUSED, "no")), False, "unreachable", "nothing answers at http://h:1"),
        (_because(socket.gaierror(-2, "Name or service not known")), False, "unreachable", "no host of the name"),
        (_because(ExceptionGroup("all", [OSError(1, "x"), OSError(errno.ECONNREFUSED, "y")])), False, "unreachable",
         "nothing answers"),
        (_because(ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER]")), False, "unreachable", "no secure connection"),
        (_because(OSError(errno.EHOSTUNREACH, "No route")), False, "unreachable", "http://h:1 cannot be reached"),
        (httpx.ConnectError("[Errno -2] Name or service not known"), False, "unreachable", "no host of the name"),
        (httpx.ConnectTimeout("x"), False, "timeout", "did not answer in time"),
        (httpx.ReadTimeout("x"), False, "timeout", "sent nothing for 30 s"),
        (httpx.ReadTimeout("x"), True, "timeout", "in the middle of the answer for 30 s"),
        (httpx.RemoteProtocolError("Server disconnected"), False, "interrupted", "before it answered"),
        (httpx.RemoteProtocolError("peer closed connection"), True, "interrupted", "in the middle of the answer"),
        (httpx.ReadError("x"), True, "interrupted", "in the middle of the answer"),
        (httpx.WriteError("x"), False, "interrupted", "before it answered"),
        (httpx.InvalidURL("x"), False, "usage", "no URL"),
        (httpx.UnsupportedProtocol("x"), False, "usage", "no URL"),
        (httpx.ProxyError("x"), False, "unreachable", "the proxy refused"),
        (httpx.DecodingError("x"), True, "answer", "cannot be decoded"),
    ],
)  # fmt: skip
def test_exceptions(error: Exception, begun: bool, kind: str, title: str) -> None:
    found = from_exception(error, URL, begun=begun, timeout_s=30.0)
    assert found.kind == kind
    assert title in found.title
    assert found.fix


def test_an_error_event() -> None:
    error = errors.from_stream(DEAD)
    assert (error.kind, error.code) == ("stream", "InternalServerError")
    assert error.title == "the server broke off the answer: EngineCore encountered an issue"
    assert errors.from_stream({"error": True}).title == "the server broke off the answer"


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        ("default chat template is no longer allowed, so you must provide a chat template", True),
        ("As of transformers v4.44, default chat template is no longer allowed, so you must provide a chat template if "
         "the tokenizer does not define one.", True),
        ("Cannot use chat template functions because tokenizer.chat_template is not set", True),
        ("Cannot use apply_chat_template() because this processor does not have a chat template.", True),
        ("Chat template is passed with request, but --trust-request-chat-template is not set.", False),
        ("Chat template error: conversation roles must alternate user/assistant", False),
        ("chat_template_kwargs: Input should be a valid dictionary", False),
    ],
)  # fmt: skip
def test_only_a_model_without_a_template_wants_completions(message: str, wanted: bool) -> None:
    error = errors.from_response(400, "application/json", json.dumps({"error": {"message": message}}).encode())
    assert errors.wants_completions(error) is wanted
    assert ("completions mode" in error.fix) is wanted
