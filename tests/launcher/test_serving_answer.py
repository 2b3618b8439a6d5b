"""Chunks of an answer become parts: every shape of vLLM 0.5 to 0.33."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.serving.answer import AnswerReader, NotJson, StreamError, clean_text
from launcher.serving.parts import ChatParams, Delta, Finish, Part, ToolCall, Usage
from launcher.serving.sse import Splitter
from launcher.serving.think import ThinkFilter

DATA = Path(__file__).parent / "serving"


def _read(*chunks: Any) -> list[Part]:
    reader = AnswerReader()
    return [part for chunk in chunks for part in reader.chunk(chunk)] + reader.close()


def _delta(**delta: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta}]}


def _text(parts: Sequence[Part], kind: str) -> str:
    return "".join(part.text for part in parts if isinstance(part, Delta) and part.kind == kind)


@pytest.mark.parametrize(
    ("chunk", "parts"),
    [
        (_delta(role="assistant", content=""), []),
        (_delta(content="par"), [Delta("content", "par")]),
        (_delta(content=None), []),
        (_delta(), []),
        ({"choices": []}, []),
        ({}, []),
        ({"choices": None, "usage": None}, []),
        ({"choices": [None, 5, {}]}, []),
        ({"choices": [{"index": 1, "delta": {"content": "other"}}]}, []),
        ({"choices": [{"delta": {"content": "no index"}}]}, [Delta("content", "no index")]),
        ({"choices": [{"index": 0, "text": "completions"}]}, [Delta("content", "completions")]),
        ({"choices": [{"index": 0, "message": {"content": "whole"}}]}, [Delta("content", "whole")]),
        (_delta(refusal="no"), [Delta("content", "no")]),
        (_delta(reasoning="r"), [Delta("reasoning", "r")]),
        (_delta(reasoning_content="r"), [Delta("reasoning", "r")]),
        (_delta(reasoning="r", reasoning_content="r"), [Delta("reasoning", "r")]),
        (_delta(reasoning="", reasoning_content="r"), [Delta("reasoning", "r")]),
        (_delta(reasoning="r", content="c"), [Delta("reasoning", "r"), Delta("content", "c")]),
        (_delta(content=5, reasoning=[]), []),
        (
            {"choices": [{"delta": {"content": "D"}, "finish_reason": "length"}]},
            [Delta("content", "D"), Finish("length")],
        ),
        ({"choices": [{"delta": "odd", "finish_reason": "stop"}]}, [Finish("stop")]),
        ({"usage": {"prompt_tokens": 1, "completion_tokens": 2}}, [Usage(1, 2)]),
        ({"usage": {"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": 8}}}, [Usage(9, None, 8)]),
        ({"usage": {"prompt_tokens": -1, "completion_tokens": True, "prompt_tokens_details": 5}}, [Usage(None, None)]),
        (_delta(content="a\ud800b"), [Delta("content", "a\ufffdb")]),
        (_delta(content="\ud83d\ude80"), [Delta("content", "🚀")]),
    ],
)
def test_chunks(chunk: dict[str, Any], parts: list[Part]) -> None:
    assert _read(chunk) == parts


@pytest.mark.parametrize("value", [[], "text", 5, None])
def test_what_is_no_chunk(value: Any) -> None:
    with pytest.raises(NotJson):
        _read(value)


@pytest.mark.parametrize("data", ["", "nonsense", "{", "[" * 100_000])
def test_what_is_no_json(data: str) -> None:
    with pytest.raises(NotJson):
        AnswerReader().feed(data)


@pytest.mark.parametrize("value", [{"error": {"message": "x"}}, {"error": "x"}, {"object": "error", "message": "x"}])
def test_an_error_in_the_stream(value: dict[str, Any]) -> None:
    with pytest.raises(StreamError) as caught:
        AnswerReader().feed(json.dumps(value))
    assert caught.value.value == value


def test_done_and_only_one_finish() -> None:
    reader = AnswerReader()
    stop = json.dumps({"choices": [{"delta": {}, "finish_reason": "stop"}]})
    assert [*reader.feed(stop), *reader.feed(stop)] == [Finish("stop")]
    assert not reader.done
    assert reader.feed(" [DONE] ") == []
    assert (reader.done, reader.finish) == (True, "stop")


def _call(**call: Any) -> dict[str, Any]:
    return _delta(tool_calls=[call])


def test_tool_calls_are_put_together() -> None:
    parts = _read(
        _call(index=0, id="a", type="function", function={"name": "weather", "arguments": ""}),
        _call(index=0, function={"arguments": '{"pl'}),
        _call(index=1, id="b", function={"name": "clock", "arguments": '{"'}),
        _call(index=0, function={"arguments": 'ace": 1}'}),
        _call(index=1, function={"arguments": 'x": 2}'}),
        {"choices": [{"delta": {}, "finish_reason": "tool_calls"}]},
    )
    assert parts == [
        ToolCall(0, "a", "weather", "", False),
        ToolCall(1, "b", "clock", "", False),
        ToolCall(0, "a", "weather", '{"place": 1}', True),
        ToolCall(1, "b", "clock", '{"x": 2}', True),
        Finish("tool_calls"),
    ]


@pytest.mark.parametrize(
    ("chunks", "calls"),
    [
        # a whole answer, without indices
        ([{"choices": [{"message": {"content": None, "tool_calls": [
            {"id": "a", "function": {"name": "f", "arguments": "{}"}},
            {"id": "b", "function": {"name": "g", "arguments": "[]"}}]}, "finish_reason": "tool_calls"}]}],
         [ToolCall(0, "a", "f", "{}", True), ToolCall(1, "b", "g", "[]", True)]),
        # the name comes late; pieces without an index belong to the last call
        ([_call(index=0, id="a"), _call(index=0, function={"name": "f"}), _call(function={"arguments": "{}"})],
         [ToolCall(0, "a", "f", "{}", True)]),
        # odd values
        ([_delta(tool_calls=[None, 5]), _delta(tool_calls="x"), _call(index=0, id=5, function="x")],
         [ToolCall(0, "", "", "", True)]),
    ],
)  # fmt: skip
def test_odd_tool_calls(chunks: list[Any], calls: list[ToolCall]) -> None:
    assert [part for part in _read(*chunks) if isinstance(part, ToolCall) and part.complete] == calls


def test_a_cut_answer_gives_its_held_text_and_no_half_call() -> None:
    reader = AnswerReader()
    reader.chunk(_delta(content="<thi"))
    reader.chunk(_call(index=0, id="a", function={"name": "f", "arguments": '{"x'}))
    assert reader.cut() == [Delta("content", "<thi")]
    assert reader.pieces == 2


THINK = "<think>Let me\nthink.</think>\n\nThe answer: <think> is a tag."


@pytest.mark.parametrize(
    ("text", "reasoning", "content"),
    [
        (THINK, "Let me\nthink.", "\n\nThe answer: <think> is a tag."),
        ("\n <think>x</think>y", "x", "y"),
        ("<think></think>y", "", "y"),
        ("<think>never closed", "never closed", ""),
        ("<think>a</thinking</think>b", "a</thinking", "b"),
        ("<thinker>", "", "<thinker>"),
        ("<thi", "", "<thi"),
        ("no tag <think>x</think>", "", "no tag <think>x</think>"),
        ("  spaces stay", "", "  spaces stay"),
        ("<think>ends with </thi", "ends with </thi", ""),
        ("", "", ""),
    ],
)
def test_think(text: str, reasoning: str, content: str) -> None:
    for size in (1, 2, 3, 7, 1000):
        filtered = ThinkFilter()
        pieces = [text[place : place + size] for place in range(0, len(text), size)]
        parts = [part for piece in pieces for part in filtered.feed(piece)] + filtered.close()
        assert (_text(parts, "reasoning"), _text(parts, "content")) == (reasoning, content)
        assert all(part.text for part in parts)


@given(st.lists(st.sampled_from(["<think>", "</think>", "<", "th", "ink>", "</", "a", " ", "\n"]), max_size=14))
def test_no_text_is_lost(pieces: list[str]) -> None:
    filtered = ThinkFilter()
    parts = [part for piece in pieces for part in filtered.feed(piece)] + filtered.close()
    whole, joined = "".join(pieces), "".join(part.text for part in parts)
    if whole.lstrip().startswith("<think>"):
        assert joined == whole.lstrip().removeprefix("<think>").replace("</think>", "", 1)
    else:
        assert joined == whole


def test_a_real_stream() -> None:
    reader, splitter = AnswerReader(), Splitter()
    events = splitter.feed((DATA / "chat.sse").read_bytes())
    parts = [part for event in events for part in reader.feed(event.data)]
    assert _text(parts, "content") == "par certain division bygn instancesgra decedsunction receD"
    assert parts[-2:] == [Finish("length"), Usage(16, 12)]
    assert (reader.done, reader.pieces) == (True, 12)


def test_a_real_stream_with_continuous_usage() -> None:
    reader, splitter = AnswerReader(), Splitter()
    events = splitter.feed((DATA / "chat-continuous-usage.sse").read_bytes())
    usages = [part for event in events for part in reader.feed(event.data) if isinstance(part, Usage)]
    assert [usage.completion_tokens for usage in usages] == [0, 1, 2, 3, 4, 4]


def test_a_real_stream_whose_engine_was_killed() -> None:
    reader, splitter = AnswerReader(), Splitter()
    parts: list[Part] = []
    with pytest.raises(StreamError) as caught:
        for event in splitter.feed((DATA / "engine-killed.sse").read_bytes()):
            parts += reader.feed(event.data)
    assert caught.value.value["error"]["code"] == 500
    assert _text(parts, "content").startswith("The syntax part lelpze they")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["choices", "delta", "content", "usage", "tool_calls", "index", "function", "finish_reason"]),
        inner, max_size=4,
    ),
    max_leaves=20,
)  # fmt: skip


@given(st.lists(JSON, max_size=5))
def test_any_json_is_parts_or_a_clear_refusal(values: list[Any]) -> None:
    try:
        parts = _read(*values)
    except (NotJson, StreamError):
        return
    assert all(isinstance(part, (Delta, ToolCall, Usage, Finish)) for part in parts)


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_clean_text_can_be_written(text: str) -> None:
    clean_text(text).encode()


def test_params() -> None:
    assert ChatParams().body() == {}
    params = ChatParams(model="m", max_tokens=5, temperature=0.0, stop=("a", "b"), extra={"logprobs": True})
    assert params.body() == {"model": "m", "max_tokens": 5, "temperature": 0.0, "stop": ["a", "b"], "logprobs": True}
