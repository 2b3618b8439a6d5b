"""What the present conversation is, and what of it is sent."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.chat import conversation as chat
from launcher.chat.settings import ChatSettings
from launcher.chat.turn import Call, Turn


def _texts(turns: tuple[Turn, ...]) -> list[str]:
    return [turn.text for turn in turns]


def _talk(*pairs: str, start: float = 1.0) -> list[Turn]:
    """q1 a1 q2 a2 …, each with a time of its own."""
    return [Turn("user" if index % 2 == 0 else "assistant", text, start + index) for index, text in enumerate(pairs)]


def test_what_is_sent_leaves_out_what_failed() -> None:
    turns = chat.shown((
        Turn("user", "cleared"), Turn("assistant", "cleared"), Turn("clear", ""),
        Turn("user", "q1"), Turn("assistant", "a1"),
        Turn("user", "q2"), Turn("assistant", "half", error="broken."), Turn("user", "q3"), Turn("user", "q4"),
        Turn("assistant", "a4"), Turn("user", "q5"),
    ))  # fmt: skip
    assert _texts(turns) == ["q1", "a1", "q2", "half", "q3", "q4", "a4", "q5"], "everything is shown"
    assert _texts(chat.said(turns)) == ["q1", "a1", "q4", "a4"]
    assert chat.shown(()) == () and chat.said(()) == ()
    assert chat.shown((*turns, Turn("clear", ""))) == ()


def test_a_prompt_that_is_edited_takes_what_followed_with_it() -> None:
    turns = _talk("q1", "a1", "q2", "a2")
    change = chat.edit(turns, 2)
    assert _texts(change.kept) == ["q1", "a1"] and change.prompt.text == "q2"
    after = chat.shown([*turns, change.mark, Turn("user", "q2 better"), Turn("assistant", "a2 better")])
    assert _texts(after) == ["q1", "a1", "q2 better", "a2 better"]
    for index in (-1, 1, 4):
        with pytest.raises(ValueError, match="no prompt"):
            chat.edit(turns, index)


def test_another_answer_to_the_last_prompt() -> None:
    turns = _talk("q1", "a1", "q2", "a2")
    change = chat.regenerate(turns)
    assert change is not None and change.prompt.text == "q2" and _texts(change.kept) == ["q1", "a1"]
    failed = chat.regenerate([*turns[:3], Turn("assistant", "", error="x.")])
    assert failed is not None and failed.prompt.text == "q2"
    assert chat.regenerate(()) is None


def test_earlier_conversations_and_going_on_with_one() -> None:
    first, second = _talk("one\nmore", "a"), _talk("two", "b", start=10.0)
    turns = [*first, Turn("clear", "", 5.0), *second, Turn("clear", "", 20.0)]
    assert [(one.title, one.id, one.last) for one in chat.earlier(turns)] == [
        ("two", 10.0, 11.0),
        ("one more", 1.0, 2.0),
    ]
    again = [*turns, Turn("resume", "", 21.0, keep_time=1.0), Turn("user", "three", 22.0), Turn("assistant", "c", 23.0)]
    assert _texts(chat.shown(again)) == ["one\nmore", "a", "three", "c"]
    assert [one.title for one in chat.earlier(again)] == ["one more", "two"]
    assert chat.shown([*turns, Turn("resume", "", 21.0, keep_time=99.0)]) == (), "one that is not there any more"


def test_only_conversations_with_a_prompt_are_listed() -> None:
    assert chat.earlier([Turn("assistant", "end of a cut file", 1.0), Turn("clear", "", 2.0)]) == ()
    assert chat.earlier([Turn("user", "", 1.0, images=("/a.png",))])[0].title == "(a picture)"
    assert len(chat.earlier([Turn("user", "x" * 500, 1.0)])[0].title) == 80


MARKS = st.one_of(
    st.builds(lambda text, at: Turn("user", text, at), st.text(max_size=3), st.floats(0, 9)),
    st.builds(
        lambda text, error: Turn("assistant", text, error=error), st.text(max_size=3), st.sampled_from([None, "e"])
    ),
    st.just(Turn("clear", "")),
    st.builds(lambda keep: Turn("rewind", "", keep=keep), st.integers(0, 9)),
    st.builds(lambda at: Turn("resume", "", keep_time=at), st.floats(0, 9)),
)


@given(st.lists(MARKS, max_size=30))
def test_any_transcript_gives_a_conversation_that_a_template_takes(turns: list[Turn]) -> None:
    shown = chat.shown(turns)
    assert {turn.role for turn in shown} <= {"user", "assistant"}
    sent = chat.said(shown)
    assert all(turn.error is None for turn in sent)
    assert not any(a.role == b.role == "user" for a, b in pairwise(sent))
    chat.earlier(turns)


def test_the_messages_of_a_chat() -> None:
    turns = [
        *_talk("q1", "a1"), Turn("user", "what is it?", images=("/tmp/cat.png",)),
        Turn("assistant", "", calls=(Call("look", '{"x": 1}'),), reasoning="hm"), Turn("user", "", images=("https://x/y.png",)),
    ]  # fmt: skip

    def picture(path: str) -> dict[str, Any]:
        return {"type": "image_url", "image_url": {"url": f"<{path}>"}}

    sent = chat.messages(turns, ChatSettings(system="Be brief."), picture)
    assert [message["role"] for message in sent] == ["system", "user", "assistant", "user", "assistant", "user"]
    assert sent[3]["content"] == [picture("/tmp/cat.png"), {"type": "text", "text": "what is it?"}]
    assert sent[4]["content"] == 'look({"x": 1})' and sent[5]["content"] == [picture("https://x/y.png")]
    assert chat.messages(turns[:1], ChatSettings()) == [{"role": "user", "content": "q1"}]


def test_a_completion_goes_on_with_the_text_as_it_stands() -> None:
    turns = _talk("Once upon", " a time", " there")
    settings = ChatSettings(mode="completions", system="not sent", reasoning_effort="low", thinking=True)
    assert chat.asked(turns, settings) == "Once upon a time there"
    body = chat.params(settings, "base").body()
    assert body == {"model": "base"}, "what only a chat knows is not sent"


def test_the_options_of_a_request() -> None:
    settings = ChatSettings(
        max_tokens=5, temperature=0.0, top_p=0.5, top_k=3, min_p=0.1, presence_penalty=1.0, frequency_penalty=-1.0,
        repetition_penalty=1.1, seed=0, stop=("\n",), reasoning_effort="low", thinking=False, extra={"n": 1},
    )  # fmt: skip
    assert chat.params(settings, "m").body() == {
        "model": "m", "max_tokens": 5, "temperature": 0.0, "top_p": 0.5, "top_k": 3, "min_p": 0.1,
        "presence_penalty": 1.0, "frequency_penalty": -1.0, "repetition_penalty": 1.1, "seed": 0, "stop": ["\n"],
        "reasoning_effort": "low", "chat_template_kwargs": {"enable_thinking": False}, "n": 1,
    }  # fmt: skip
    assert chat.params(ChatSettings(model="lora"), "m").body() == {"model": "lora"}
    assert chat.params(ChatSettings(), None).body() == {}
