"""The transcript of a chat on disk, and its options."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from launcher.chat import transcript
from launcher.chat.settings import ChatSettings
from launcher.chat.turn import Call, Turn


def test_what_is_appended_is_loaded(tmp_path: Path) -> None:
    folder = str(tmp_path)
    turns = [
        Turn("user", "héllo\n漢字 [b]\x1b[31m", 1.5),
        Turn("assistant", "answer", 2.5, "tiny", {"ttft_s": 0.2, "tool_calls": ["f(1)"]}),
        Turn("assistant", "", 3.5, error="it broke."),
        Turn("clear", "", 4.5),
        Turn("user", "", 5.5, images=("/tmp/a.png", "https://x/y.jpg")),
        Turn("assistant", "", 6.5, "tiny", reasoning="hm", calls=(Call("f", '{"a": 1}', "c1"), Call("g", "{"))),
        Turn("rewind", "", 7.5, keep=3),
        Turn("resume", "", 8.5, keep_time=1.5),
    ]
    for turn in turns:
        transcript.append(folder, turn)
    assert transcript.load(folder) == tuple(turns)
    assert transcript.load(folder, limit=2) == tuple(turns[-2:])
    assert transcript.load(folder, limit=0) == ()


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        transcript.append(str(tmp_path), Turn("user", "secret"))
    finally:
        os.umask(old)
    (file,) = (tmp_path / "chat").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "chat").stat().st_mode) == 0o700


def test_a_turn_gets_its_time(tmp_path: Path) -> None:
    transcript.append(str(tmp_path), Turn("user", "x"))
    assert transcript.load(str(tmp_path))[0].time > 1_700_000_000


def test_no_file_and_a_deleted_run(tmp_path: Path) -> None:
    assert transcript.load(str(tmp_path)) == ()
    with pytest.raises(OSError, match="the run folder is gone"):
        transcript.append(str(tmp_path / "gone"), Turn("user", "x"))
    assert not (tmp_path / "gone").exists()


@pytest.mark.parametrize(
    "line",
    [
        b"", b"{", b"[]", b"null", b'{"role": "user"}', b'{"role": "root", "text": "x"}',
        b'{"role": "user", "text": 5}',
        b'{"role": "user", "text": "x", "time": "soon"}', b'{"role": "user", "text": "x", "stats": []}', b"\xff\x00",
        b"[" * 100_000, b'{"role": "rewind", "text": "", "keep": 1e999}',
        b'{"role": "rewind", "text": "", "keep": null}',
    ],
)  # fmt: skip
def test_damaged_lines_are_left_out(tmp_path: Path, line: bytes) -> None:
    (tmp_path / "chat").mkdir()
    good = json.dumps({"role": "user", "text": "good"}).encode()
    (tmp_path / "chat" / "transcript.jsonl").write_bytes(good + b"\n" + line + b"\n" + good + b"\n" + good[:9])
    assert [turn.text for turn in transcript.load(str(tmp_path))] == ["good", "good"]


def test_a_huge_transcript_gives_its_end(tmp_path: Path) -> None:
    (tmp_path / "chat").mkdir()
    with open(tmp_path / "chat" / "transcript.jsonl", "w", encoding="utf-8") as file:
        for number in range(6000):
            file.write(json.dumps({"role": "user", "text": f"{number} " + "x" * 1000}) + "\n")
    turns = transcript.load(str(tmp_path), limit=5)
    assert [turn.text.split()[0] for turn in turns] == ["5995", "5996", "5997", "5998", "5999"]


def test_the_options_are_there_again(tmp_path: Path) -> None:
    folder = str(tmp_path)
    assert transcript.load_settings(folder) == ChatSettings()
    chosen = ChatSettings(
        model="m", system="Be brief.", max_tokens=5, temperature=0.0, top_p=0.9, top_k=-1, seed=0, stop=("a", "b"),
        thinking=False, mode="completions", extra={"logit_bias": {"5": -1}},
    )  # fmt: skip
    transcript.save_settings(folder, chosen)
    assert transcript.load_settings(folder) == chosen
    transcript.save_settings(folder, ChatSettings())
    assert transcript.load_settings(folder) == ChatSettings()
    with pytest.raises(OSError, match="gone"):
        transcript.save_settings(str(tmp_path / "gone"), chosen)


def test_damaged_options_are_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "chat").mkdir()
    path = tmp_path / "chat" / "settings.json"
    path.write_text('{"max_tokens": "many", "top_p": true, "stop": "x", "mode": "telepathy", "extra": [], "seed": 7}')
    assert transcript.load_settings(str(tmp_path)) == ChatSettings(seed=7)
    path.write_text("{")
    assert transcript.load_settings(str(tmp_path)) == ChatSettings()
