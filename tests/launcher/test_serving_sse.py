"""Server-sent events: any way of cutting the bytes gives the same events."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.serving import sse
from launcher.serving.sse import Event, Splitter, TooLong

DATA = Path(__file__).parent / "serving"


def _events(*chunks: bytes) -> list[Event]:
    splitter = Splitter()
    return [event for chunk in chunks for event in splitter.feed(chunk)] + splitter.close()


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"data: a\n\ndata: b\n\n", [Event("a"), Event("b")]),
        (b"data: a\r\n\r\ndata: b\r\n\r\n", [Event("a"), Event("b")]),
        (b"data: a\r\rdata: b\r\r", [Event("a"), Event("b")]),
        (b"data: one\ndata: two\n\n", [Event("one\ntwo")]),
        (b"data:no space\n\ndata:  two spaces\n\n", [Event("no space"), Event(" two spaces")]),
        (b": keep-alive\n\n: x\ndata: a\n\n", [Event("a")]),
        (b"event: error\ndata: a\n\ndata: b\n\n", [Event("a", "error"), Event("b")]),
        (b"event: alone\n\ndata: b\n\n", [Event("b")]),
        (b"id: 7\nretry: 5\ndata: a\nfoo\n\n", [Event("a")]),
        (b"data\n\n", [Event("")]),
        (b"\xef\xbb\xbfdata: a\n\n", [Event("a")]),
        (b"data: \xff\xfe\n\n", [Event("\ufffd\ufffd")]),
        ("data: 한글 🚀\u2028\n\n".encode(), [Event("한글 🚀\u2028")]),
        (b"data: [DONE]", [Event("[DONE]")]),
        (b"data: [DONE]\n", [Event("[DONE]")]),
        (b"\n\n\n\n", []),
        (b"", []),
        (b"<html>no events</html>", []),
    ],
)
def test_streams(stream: bytes, events: list[Event]) -> None:
    assert _events(stream) == events
    assert _events(*(stream[place : place + 1] for place in range(len(stream)))) == events


FIELDS = st.sampled_from([b"data: a", b"data:", "data: é🚀".encode(), b": c", b"event: e", b"", b"", b"x: y", b"data"])
ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])
STREAMS = st.lists(st.tuples(FIELDS, ENDS).map(b"".join), max_size=20).map(b"".join)


@given(stream=st.one_of(STREAMS, st.binary(max_size=80)), cuts=st.lists(st.integers(0, 200), max_size=12))
def test_any_cutting_gives_the_same(stream: bytes, cuts: list[int]) -> None:
    places = sorted({0, len(stream), *(min(cut, len(stream)) for cut in cuts)})
    chunks = [stream[start:end] for start, end in itertools.pairwise(places)]
    assert _events(*chunks) == _events(stream)


@pytest.mark.parametrize("name", ["chat.sse", "chat-continuous-usage.sse", "engine-killed.sse"])
def test_captures_cut_at_every_byte(name: str) -> None:
    stream = (DATA / name).read_bytes()
    whole = _events(stream)
    assert whole[-1] == Event("[DONE]")
    assert len(whole) == stream.count(b"data: ")
    for cut in range(0, len(stream), 7):
        assert _events(stream[:cut], stream[cut:]) == whole


def test_a_stream_without_lines_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MAX_EVENT_BYTES", 1000)
    splitter = Splitter()
    splitter.feed(b"x" * 900)
    with pytest.raises(TooLong):
        splitter.feed(b"x" * 900)
