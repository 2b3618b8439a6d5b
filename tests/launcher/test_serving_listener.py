"""Answers that are read in another thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from standin import StandIn
from waiting import wait_for

from launcher.errors import VdeckError
from launcher.serving.client import ChatClient
from launcher.serving.hearing import Hearing
from launcher.serving.listener import Listener
from launcher.serving.parts import ChatParams, Delta, Part


@pytest.fixture
def server() -> Iterator[StandIn]:
    with StandIn(token_delay=0.001) as running:
        yield running


@pytest.fixture
def listener(server: StandIn) -> Iterator[Listener]:
    before = set(threading.enumerate())
    made = Listener(lambda: ChatClient(server.url))
    yield made
    made.close()

    def ended() -> bool:
        return all(thread.name != "chat-listener" for thread in set(threading.enumerate()) - before)

    wait_for(ended, what="the thread's end")


def _ask(listener: Listener, prompt: str) -> Hearing:
    return listener.ask([{"role": "user", "content": prompt}], ChatParams())


def _text(parts: list[Part]) -> str:
    return "".join(part.text for part in parts if isinstance(part, Delta))


def test_every_token_arrives_and_the_news_are_the_first_and_the_last(listener: Listener) -> None:
    news: list[str] = []
    hearing = listener.ask(
        [{"role": "user", "content": "!long 300"}],
        ChatParams(),
        on_news=lambda: news.append(threading.current_thread().name),
    )
    assert hearing.wait(20) and hearing.done and hearing.error is None
    assert _text(hearing.take()) == "".join(f" word{number}" for number in range(300)) and hearing.take() == []
    assert news == ["chat-listener", "chat-listener"]
    assert hearing.stats.completion_tokens == 300 and hearing.stats.ttft_s is not None


def test_parts_may_be_taken_while_they_come(listener: Listener) -> None:
    hearing, text = _ask(listener, "!long 500"), ""
    while not hearing.done:
        text += _text(hearing.take())
    assert text + _text(hearing.take()) == "".join(f" word{number}" for number in range(500))


def test_stopping_frees_the_server_and_is_no_error(listener: Listener, server: StandIn) -> None:
    hearing = _ask(listener, "!long 1000000")
    wait_for(hearing.take, what="a first part")
    hearing.stop()
    assert hearing.wait(10) and hearing.error is None and hearing.stats.finish_reason == "cancelled"
    assert server.server.aborted.wait(10), "the server saw the connection close"


def test_stopping_before_it_began(listener: Listener, server: StandIn) -> None:
    hearing = _ask(listener, "!long 1000000")
    hearing.stop()
    assert hearing.wait(10) and hearing.error is None
    wait_for(lambda: server.running == 0, what="the server to be free")


def test_what_goes_wrong_is_the_error_of_the_answer(listener: Listener) -> None:
    hearing = _ask(listener, "!late")
    assert hearing.wait(20) and isinstance(hearing.error, VdeckError)
    assert "EngineCore" in hearing.error.sentence() and _text(hearing.take()) != ""
    other = _ask(listener, "!flat")
    assert other.wait(20) and other.error is not None and other.take() == []


def test_two_at_a_time(listener: Listener) -> None:
    both = [_ask(listener, f"!long {count}") for count in (50, 60)]
    assert all(hearing.wait(20) for hearing in both)
    assert [hearing.stats.completion_tokens for hearing in both] == [50, 60]


def test_the_models_and_a_completion(listener: Listener) -> None:
    assert [model.id for model in listener.models()] == ["tiny"]
    hearing = listener.ask("Once upon", ChatParams())
    assert hearing.wait(20) and _text(hearing.take()) == "You said: Once upon"


def test_a_server_that_knows_no_running_usage_is_asked_again_once(server: StandIn, listener: Listener) -> None:
    server.server.options.old = True
    hearing = _ask(listener, "hello")
    assert hearing.wait(20) and hearing.error is None and _text(hearing.take()) == "You said: hello"
    assert _ask(listener, "again").wait(20)
    asked = ["continuous_usage_stats" in body.get("stream_options", {}) for body in server.server.bodies]
    assert asked == [True, False, False]


def test_nobody_there_and_a_client_that_cannot_be_made() -> None:
    gone = Listener(lambda: ChatClient("http://127.0.0.1:1"))
    hearing = _ask(gone, "x")
    assert hearing.wait(20) and hearing.error is not None and "nothing answers" in hearing.error.title
    gone.close()
    after = _ask(gone, "x")
    assert after.done and after.error is not None and "closed" in after.error.title
    with pytest.raises(VdeckError, match="closed"):
        gone.models()
    gone.close()

    def refuse() -> ChatClient:
        raise VdeckError("no key")

    broken = Listener(refuse)
    hearing = _ask(broken, "x")
    assert hearing.wait(20) and hearing.error is not None and hearing.error.title == "no key"
    broken.close()


def test_closing_in_the_middle_of_an_answer(server: StandIn) -> None:
    listener = Listener(lambda: ChatClient(server.url))
    hearing = _ask(listener, "!long 1000000")
    wait_for(hearing.take, what="a first part")
    listener.close()
    assert hearing.wait(10) and server.server.aborted.wait(10)
