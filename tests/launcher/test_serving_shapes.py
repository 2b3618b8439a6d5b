"""Every form of an error and every shape of a stream that servers are known to send, played by the stand-in server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from standin import StandIn

from launcher.serving import errors
from launcher.serving.client import ChatClient
from launcher.serving.hearing import Hearing
from launcher.serving.listener import Listener
from launcher.serving.parts import ChatParams, Delta, ToolCall

PICTURE = [{"type": "image_url", "image_url": {"url": "https://x/y.png"}}, {"type": "text", "text": "what is it?"}]


@pytest.fixture(scope="module")
def server() -> Iterator[StandIn]:
    with StandIn() as running:
        yield running


def _hear(server: StandIn, asked: str | list[dict[str, object]]) -> Hearing:
    listener = Listener(lambda: ChatClient(server.url, silence_s=0.5))
    try:
        hearing = listener.ask(asked if isinstance(asked, list) else [{"role": "user", "content": asked}], ChatParams())
        assert hearing.wait(20)
        return hearing
    finally:
        listener.close()


def _said(hearing: Hearing) -> tuple[str, str, list[str]]:
    """Text, reasoning, tool calls."""
    parts = hearing.take()
    text = "".join(part.text for part in parts if isinstance(part, Delta) and part.kind == "content")
    thought = "".join(part.text for part in parts if isinstance(part, Delta) and part.kind == "reasoning")
    calls = [f"{part.name}{part.arguments}" for part in parts if isinstance(part, ToolCall) and part.complete]
    return text, thought, calls


@pytest.mark.parametrize(
    ("order", "text", "sentence"),
    [
        ("nested", "", "the server refused the request (HTTP 400): temperature must be non-negative"),
        ("flat", "", "This model's maximum context length is 4096 tokens. clear or shorten the conversation"),
        ("string", "", "the server wants an API key"),
        ("detail", "", "the server does not take this request: Method Not Allowed"),
        ("html", "", "a proxy in front of the server got no answer from it (502: 502 Bad Gateway)"),
        ("empty", "", "the server failed on the request (HTTP 500). look at the run's log"),
        ("busy", "", "the server cannot take the request now: The engine is currently busy"),
        ("toolong", "", "the server refused the request (HTTP 400): This model's maximum context length"),
        ("late", "You said:", "the server broke off the answer: EngineCore encountered an issue"),
        ("cut", "You said:", "the server closed the connection in the middle of the answer"),
        ("stall", "You said:", "the server stopped in the middle of the answer for 0.5 s"),
        ("hang", "", "the server sent nothing for 0.5 s"),
    ],
)
def test_each_error_is_one_sentence_and_what_came_before_it_stays(
    server: StandIn, order: str, text: str, sentence: str
) -> None:
    hearing = _hear(server, f"!{order} x y z")
    assert hearing.error is not None and sentence.lower() in hearing.error.sentence().lower()
    assert hearing.error.sentence().count("\n") == 0
    said = _said(hearing)[0]
    assert said.startswith(text) if text else said == ""


@pytest.mark.parametrize(
    ("order", "said", "finish"),
    [
        ("reasoning", ("The answer.", "Let me think.", []), "stop"),
        ("reasoning_content", ("The answer.", "Let me think.", []), "stop"),
        ("both", ("The answer.", "Let me think.", []), "stop"),
        ("think", ("The answer.", "Let me think.", []), "stop"),
        ("tool", ("", "", ['weather{"place": "Seoul"}', 'clock{"place": "Rome"}']), "tool_calls"),
        ("multi", ("four tokens in one and three more", "", []), "stop"),
        ("comment a b", ("You said: !comment a b", "", []), "stop"),
        ("bare a b", ("You said: !bare a b the end", "", []), "stop"),
        ("void", ("", "", []), "stop"),
        ("nodone a", ("You said: !nodone a", "", []), "stop"),
        ("nousage a", ("You said: !nousage a", "", []), "stop"),
        ("metrics a", ("You said: !metrics a", "", []), "stop"),
        ("cached a", ("You said: !cached a", "", []), "stop"),
        ("abort a", ("You said:", "", []), "abort"),
    ],
)
def test_each_shape_of_a_stream(server: StandIn, order: str, said: tuple[str, str, list[str]], finish: str) -> None:
    hearing = _hear(server, f"!{order}")
    assert hearing.error is None and _said(hearing) == said
    assert hearing.stats.finish_reason == finish


def test_tokens_come_from_usage_not_from_the_number_of_pieces(server: StandIn) -> None:
    assert _hear(server, "!multi").stats.completion_tokens == 7
    assert _hear(server, "!cached a").stats.cached_tokens == 1
    assert _hear(server, "!nousage a").stats.completion_tokens == 4, "the running count of the last piece"


def test_a_base_model_offers_completions() -> None:
    with StandIn(no_template=True) as server:
        refused = _hear(server, "hello")
        assert refused.error is not None and errors.wants_completions(refused.error)
        assert "completions mode" in refused.error.sentence()
        listener = Listener(lambda: ChatClient(server.url))
        hearing = listener.ask("Once upon", ChatParams())
        assert hearing.wait(20) and hearing.error is None and _said(hearing)[0] == "You said: Once upon"
        listener.close()


def test_pictures_are_taken_or_refused_in_words(server: StandIn) -> None:
    asked: list[dict[str, object]] = [{"role": "user", "content": PICTURE}]
    refused = _hear(server, asked)
    assert refused.error is not None and errors.refuses_images(refused.error)
    assert "without pictures" in refused.error.sentence()
    with StandIn(multimodal=True) as able:
        hearing = _hear(able, asked)
        assert hearing.error is None and "what is it?" in _said(hearing)[0]
