"""A client for the chat of an OpenAI-compatible server. Asynchronous; every failure is a ServingError.

async with ChatClient("http://127.0.0.1:8000", api_key=key) as client:
    models = await client.models()
    async with client.stream([{"role": "user", "content": "Why?"}], ChatParams(max_tokens=50)) as answer:
        async for part in answer: ...
    answer.stats()
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from launcher.serving import errors, unreachable
from launcher.serving.answer import clean_text
from launcher.serving.errors import ServingError
from launcher.serving.parts import ChatParams, Delta, Finish, Model, Part, ToolCall, Usage
from launcher.serving.stats import ChatStats
from launcher.serving.stream import BODY_BYTES, FAILURES, ChatStream, Question, read_body

__all__ = [
    "ChatClient", "ChatParams", "ChatStats", "ChatStream", "Delta", "Finish", "Model", "Part", "ServingError",
    "ToolCall", "Usage",
]  # fmt: skip

CONNECT_S = 5.0
LIST_S = 10.0
SILENCE_S = 600.0
"""How long a server may send nothing: a queue may be long, but not endless."""


class ChatClient:
    """``base_url``: of the server, with or without ``/v1``. One client may serve several streams at a time."""

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str | None = None,
        silence_s: float = SILENCE_S,
        verify: bool | None = None,
    ) -> None:
        """``verify``: the certificate of an https server must be good; None: unless the server is on this machine."""
        self.url = base_url.strip().rstrip("/").removesuffix("/v1").rstrip("/")
        self._has_key = bool(api_key)
        self._silence_s = silence_s
        headers = {"Accept": "application/json, text/event-stream", "User-Agent": "vdeck"}
        if api_key:
            if not (api_key.isascii() and api_key.isprintable()):
                raise ServingError("the API key cannot be sent", kind="usage", fix="it may hold printable ASCII only")
            headers["Authorization"] = f"Bearer {api_key}"
        local = is_loopback(self.url)
        try:
            self._http = httpx.AsyncClient(
                headers=headers,
                timeout=httpx.Timeout(CONNECT_S, read=silence_s, write=30.0, pool=None),
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=2),
                trust_env=not local,  # a proxy variable must not catch 127.0.0.1
                # a server of this machine has a certificate of its own making, which no authority has signed
                verify=not local if verify is None else verify,
            )
        except (ValueError, ImportError, OSError) as error:  # a proxy of an unknown kind, a missing certificate file
            raise ServingError(
                "the proxy or certificate settings cannot be used", kind="usage",
                fix="check HTTP_PROXY, ALL_PROXY, NO_PROXY and SSL_CERT_FILE",
            ) from error  # fmt: skip

    async def __aenter__(self) -> ChatClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every connection; what still streams ends as interrupted."""
        await self._http.aclose()

    async def models(self) -> tuple[Model, ...]:
        """The models and LoRA adapters that the server lists, in its order. Raises ServingError."""
        try:
            async with self._http.stream("GET", f"{self.url}/v1/models", timeout=LIST_S) as response:
                body = await read_body(response, BODY_BYTES)
        except FAILURES as error:
            raise unreachable.from_exception(error, self.url, timeout_s=LIST_S) from error
        if response.status_code != 200:
            kind = response.headers.get("content-type", "")
            raise errors.from_response(response.status_code, kind, body, with_key=self._has_key)
        return _models(body)

    def stream(self, asked: Sequence[Mapping[str, Any]] | str, params: ChatParams | None = None) -> ChatStream:
        """Ask, and get the answer as it comes. Nothing is sent before the first part is asked for.

        ``asked``: the messages of a chat; or a text that the model is to go on with as it stands (the completions
        route: no chat template is applied).
        """
        question: dict[str, Any]
        if isinstance(asked, str):
            route, question = "completions", {"prompt": asked}
        else:
            route, question = "chat/completions", {"messages": [dict(message) for message in asked]}
        options = {"stream": True, "stream_options": {"include_usage": True}, **(params or ChatParams()).body()}
        url = f"{self.url}/v1/{route}"
        return ChatStream(self._http, Question(url, {**question, **options}, self.url, self._has_key, self._silence_s))


def is_loopback(url: str) -> bool:
    """Whether the URL's host is this machine: such a request must not go through a proxy."""
    try:
        host = httpx.URL(url).host
    except (httpx.InvalidURL, ValueError, TypeError):
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _models(body: bytes) -> tuple[Model, ...]:
    try:
        cards = json.loads(body)["data"]
        if not isinstance(cards, list):
            raise TypeError
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ServingError(
            "the server's list of models cannot be read", kind="answer",
            fix="check that the URL is the one of an OpenAI-compatible server",
        ) from error  # fmt: skip
    found = []
    for card in cards:
        if isinstance(card, dict) and isinstance(card.get("id"), str):
            length, parent = card.get("max_model_len"), card.get("parent")
            length = length if isinstance(length, int) else None
            found.append(Model(clean_text(card["id"]), length, parent if isinstance(parent, str) else None))
    return tuple(found)
