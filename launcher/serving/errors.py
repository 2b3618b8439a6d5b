"""Every way a request to a server can fail, as one clear sentence with a fix. Pure but for the classes of httpx.

Forms of an error body that exist (vLLM 0.5 to 0.33, FastAPI, proxies): ``{"error": {"message": …}}``, the flat
``{"object": "error", "message": …}``, ``{"error": "Unauthorized"}``, ``{"detail": …}``, HTML, plain text, nothing.
"""

from __future__ import annotations

import json
import re
from typing import Any, Literal

from launcher.errors import VdeckError
from launcher.serving.answer import clean_text
from launcher.text import clean, clean_line, shorten

Kind = Literal["http", "stream", "unreachable", "timeout", "interrupted", "answer", "usage"]
_LOG = "look at the run's log (vdeck run logs)"
_MESSAGE = 300


class ServingError(VdeckError):
    """A request failed. ``kind`` says how; ``status``: of HTTP; ``code``: the server's name for it. Unknown: None.

    ``kind``: http (an error status), stream (an error in the middle of a streamed answer), unreachable (refused, no
    such host, TLS), timeout, interrupted (the connection closed half way), answer (not what was asked for), usage (bad
    URL or key).
    """

    def __init__(
        self,
        title: str,
        *,
        kind: Kind,
        status: int | None = None,
        code: str | None = None,
        detail: str = "",
        fix: str = "",
    ) -> None:
        super().__init__(title, detail=detail, fix=fix)
        self.kind = kind
        self.status = status
        self.code = code


def from_response(status: int, content_type: str, body: bytes, *, with_key: bool = False) -> ServingError:
    """The error of an HTTP answer with an error status. ``with_key``: an API key was sent."""
    message, code = message_of(body, content_type)
    title, fix = _by_status(status, message, with_key=with_key)
    fix = _advice(message) or fix
    return ServingError(title, kind="http", status=status, code=code, detail=_excerpt(body), fix=fix)


def from_stream(value: Any) -> ServingError:
    """The error of an event that came after HTTP 200."""
    message, code = _from_json(value)
    what = f": {message}" if message else ""
    fix = _advice(message) or _LOG
    return ServingError(f"the server broke off the answer{what}", kind="stream", code=code, fix=fix)


def interrupted(*, begun: bool) -> ServingError:
    """The connection was closed before the end. ``begun``: a part of the answer had come."""
    what = "in the middle of the answer" if begun else "before it answered"
    title = f"the server closed the connection {what}"
    return ServingError(title, kind="interrupted", fix=f"{_LOG}, then send it again")


def not_a_chat(said: str) -> ServingError:
    """What came is no answer of a chat; ``said``: the beginning of it."""
    message = _short(said)
    return ServingError(
        "the server's answer is not one of a chat" + (f": {message}" if message else ""),
        kind="answer",
        fix="check that the URL is the one of an OpenAI-compatible server",
    )


def message_of(body: bytes, content_type: str = "") -> tuple[str, str | None]:
    """What an error body says, on one line ("" for nothing), and the name that it gives the error."""
    text = body.decode("utf-8", "replace").strip()
    if text[:1] in ("{", "[", '"'):
        try:
            return _from_json(json.loads(text))
        except (ValueError, RecursionError):
            pass
    if "html" in content_type.lower() or text[:1] == "<":
        title = re.search(r"<(title|h1)[^>]*>(.*?)</\1>", text, re.IGNORECASE | re.DOTALL)
        return (_short(re.sub(r"<[^>]*>", " ", title[2])) if title is not None else ""), None
    return _short(text), None


def _from_json(value: Any) -> tuple[str, str | None]:
    if isinstance(value, str):
        return _short(value), None
    if isinstance(value, list):  # one error a list: some gateways
        return _from_json(value[0]) if value else ("", None)
    if not isinstance(value, dict):
        return "", None
    inner = value.get("error")
    if isinstance(inner, (dict, str)) and inner:
        return _from_json(inner)
    for name in ("message", "detail", "msg", "reason"):
        found = value.get(name)
        if isinstance(found, str) and found.strip():
            kind = value.get("type") or value.get("code")
            return _short(found), str(kind) if kind else None
        if isinstance(found, list) and found:  # FastAPI's validation errors
            return _validation(found), "validation"
    return "", None


def _validation(problems: list[Any]) -> str:
    said = []
    for problem in problems[:3]:
        if isinstance(problem, dict):
            place = ".".join(str(part) for part in problem.get("loc", ()) if part != "body")
            said.append(f"{place}: {problem.get('msg', '')}" if place else str(problem.get("msg", "")))
        else:
            said.append(str(problem))
    return _short("; ".join(said))


def _by_status(status: int, message: str, *, with_key: bool) -> tuple[str, str]:
    """Title and fix for a status, the server's own words included."""
    said = f": {message}" if message else ""
    if status == 401:
        if with_key:
            return "the server refused the API key", "use the key that the server was started with"
        return "the server wants an API key", "give it the key that it was started with (VLLM_API_KEY)"
    if status == 403:
        return f"the server forbids this{said}", "check the API key and the server's options"
    if status == 404 and message.lower() in ("", "not found"):
        return "the server does not know this address (404)", "check the URL, and that it serves a chat model"
    if status == 404:
        return f"not found{said}", "choose one of the models that the server lists"
    if status == 405:
        return f"the server does not take this request{said}", "check that the URL is of an OpenAI-compatible server"
    if status == 413:
        return f"the request is too large{said}", "shorten the conversation or send smaller images"
    if status == 429:
        return f"too many requests{said}", "wait a moment and send it again"
    if status in (502, 504):
        return f"a proxy in front of the server got no answer from it ({status}{said})", "check that the server runs"
    if status == 503:
        return f"the server cannot take the request now{said}", "wait a moment and send it again"
    if status == 501:
        return f"the server cannot do this{said}", "use a model or an engine that can"
    if status >= 500:
        return f"the server failed on the request (HTTP {status}){said}", _LOG
    if 300 <= status < 400:
        return f"the server points elsewhere (HTTP {status}){said}", "use the address that it points to"
    return f"the server refused the request (HTTP {status}){said}", "change the request or its options"


# Not every word about templates: "--trust-request-chat-template is not set" and "chat template error: roles must
# alternate" come of models that have one.
_NO_TEMPLATE = re.compile(
    r"must provide a chat[ _]template|default chat template is no longer allowed|no (?:default )?chat[ _]template"
    r"|(?:not|n't) (?:have|define|provide|specify) (?:a |any )?chat[ _]template|chat_template is not (?:set|defined)"
    r"|chat[ _]template is (?:missing|required)|without a chat[ _]template",
    re.IGNORECASE,
)
_NO_IMAGES = re.compile(
    r"not a multimodal model|at most 0 image|does not support (?:image|multimodal)|image input is not supported"
    r"|unknown part type: image|only text .{0,20}supported",
    re.IGNORECASE,
)


def wants_completions(error: VdeckError) -> bool:
    """The model has no chat template: it can only go on with a text (the completions route)."""
    return _NO_TEMPLATE.search(f"{error.title} {error.detail}") is not None


def refuses_images(error: VdeckError) -> bool:
    """The model takes no pictures."""
    return _NO_IMAGES.search(f"{error.title} {error.detail}") is not None


_ADVICE = (
    (re.compile(r"max_tokens\S* (?:cannot be greater|is too large|must be)|max_completion_tokens", re.IGNORECASE),
     "ask for fewer tokens (max tokens)"),
    (re.compile(r"maximum context length|longer than the maximum model length|max_model_len", re.IGNORECASE),
     "clear or shorten the conversation, or raise max-model-len in the manifest"),
    (_NO_TEMPLATE,
     "ask it in completions mode, or give the server a template (chat-template in the manifest)"),
    (_NO_IMAGES, "send it without pictures, or serve a model that takes them"),
    (re.compile(r"tool choice|tool-call-parser", re.IGNORECASE),
     "start the server with enable-auto-tool-choice and tool-call-parser"),
    (re.compile(r"currently busy|cannot accept new requests", re.IGNORECASE), "wait a moment and send it again"),
    (re.compile(r"EngineCore|EngineDead|engine (?:is )?dead", re.IGNORECASE),
     "restart the run; its log tells why the engine died"),
    (re.compile(r"does not exist|model .*not found", re.IGNORECASE), "choose one of the models that the server lists"),
)  # fmt: skip


def _advice(message: str) -> str | None:
    return next((advice for pattern, advice in _ADVICE if pattern.search(message)), None)


def _short(text: str) -> str:
    return shorten(" ".join(clean_line(clean_text(text)).split()), _MESSAGE).rstrip(". ")


def _excerpt(body: bytes) -> str:
    return shorten(clean(body[:4000].decode("utf-8", "replace")), 2000)
