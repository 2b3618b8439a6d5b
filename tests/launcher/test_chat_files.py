"""Prompts out of a folder, pictures for a prompt, a conversation into a file."""

from __future__ import annotations

import base64
import json
import os
import stat
from pathlib import Path

import pytest

from launcher.chat import export, library, picture
from launcher.chat.settings import ChatSettings
from launcher.chat.turn import Call, Turn
from launcher.errors import VdeckError

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def test_the_prompts_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "Review.md").write_text("\nReview this:\n\n", encoding="utf-8")
    (tmp_path / "bom.txt").write_bytes("\ufeffHé".encode())
    (tmp_path / ".hidden.md").write_text("x")
    (tmp_path / "other.py").write_text("x")
    (tmp_path / "huge.txt").write_bytes(b"x" * (library.LARGEST + 1))
    (tmp_path / "binary.md").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "empty.md").write_text(" \n")
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "folder.md").mkdir()
    found = {prompt.name: prompt for prompt in library.prompts(str(tmp_path))}
    assert list(found) == ["binary", "bom", "empty", "folder", "huge", "pipe", "Review"]
    assert found["Review"].text == "Review this:" and found["bom"].text == "Hé"
    assert "UTF-8" in str(found["binary"].problem) and "256 KB" in str(found["huge"].problem)
    assert all(found[name].problem and not found[name].text for name in ("empty", "folder", "pipe"))
    assert library.prompts(str(tmp_path / "none")) == ()


def test_finding_a_prompt() -> None:
    known = tuple(library.Prompt(name, "", "") for name in ("review", "review-long", "Sum"))
    assert [prompt.name for prompt in library.find("Review", known)] == ["review"]
    assert [prompt.name for prompt in library.find("rev", known)] == ["review", "review-long"]
    assert library.find("x", known) == ()


def test_the_users_folder_of_prompts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VDECK_CONFIG", str(tmp_path))
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "a.md").write_text("A")
    assert [prompt.text for prompt in library.prompts()] == ["A"]


def test_a_picture_goes_along_by_its_bytes_and_a_url_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a cat.txt"  # the kind is that of the bytes, not of the name
    path.write_bytes(PNG)
    url = "data:image/png;base64," + base64.b64encode(PNG).decode()
    assert picture.part(str(path)) == {"type": "image_url", "image_url": {"url": url}}
    assert picture.part(f"'{path}'") == picture.part(f"file://{tmp_path}/a%20cat.txt") == picture.part(str(path))
    assert picture.part(str(path).replace(" ", "\\ ")) == picture.part(str(path))
    assert picture.part("https://x/cat.png")["image_url"]["url"] == "https://x/cat.png"


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (PNG, "png"), (b"\xff\xd8\xff\xe0", "jpeg"), (b"GIF89a", "gif"), (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "webp"),
        (b"BM" + b"\x00" * 60, "bmp"), (b"II*\x00", "tiff"), (b"BM", None), (b"", None), (b"RIFF    WAVE", None),
        (b"<svg", None),
    ],
)  # fmt: skip
def test_kinds_of_pictures(raw: bytes, kind: str | None) -> None:
    assert picture.kind_of(raw) == kind


def test_what_is_no_picture_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("text")
    (tmp_path / "big.png").write_bytes(PNG + b"\x00" * picture.LARGEST)
    for name, said in (("a.png", "is no picture"), ("big.png", "larger than 20 MB"), ("none.png", "No such file")):
        with pytest.raises(VdeckError, match=said):
            picture.part(str(tmp_path / name))
    with pytest.raises(VdeckError, match="zero byte"):
        picture.part("a\x00b")
    with pytest.raises(VdeckError, match="cannot read"):
        picture.part(str(tmp_path))


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("/tmp/x.png", True), ("'/tmp/a b.JPG'", True), ("~/x.webp\n", True), ("file:///tmp/x.gif", True),
        ("https://x/y.png?s=1", True), ("./x.png", True), ("x.png", False), ("look at /tmp/x.png", False),
        ("/tmp/x.txt", False), ("", False), ("/a.png\n/b.png", False), ("https://x/y", False),
    ],
)  # fmt: skip
def test_a_pasted_path_of_a_picture(text: str, is_one: bool) -> None:
    assert picture.looks_like_picture(text) is is_one


TURNS = (
    Turn("user", "What is it?", 1.0, images=("/tmp/cat.png",)),
    Turn(
        "assistant", "A **cat**.", 2.0, "tiny",
        {"ttft_s": 0.25, "tokens_per_s": 12.34, "completion_tokens": 9, "x": []},
        reasoning="fur\nears", calls=(Call("look", '{"x": 1}'),),
    ),
    Turn("assistant", "", 3.0, error="It broke."),
)  # fmt: skip


def test_a_conversation_as_markdown() -> None:
    text = export.as_markdown("qwen", TURNS, ChatSettings(system="Be brief.", seed=7))
    assert text.startswith(
        '# Chat with qwen\n\nOptions: {"seed": 7}\n\n## System\n\nBe brief.\n\n## You\n\nPicture: /tmp/cat.png\n'
    )
    assert '## tiny\n\n> fur\n> ears\n\nA **cat**.\n\nTool call `look`:\n\n```json\n{"x": 1}\n```\n' in text
    assert "*TTFT 0.250 s, 12.3 tok/s, 9 completion tokens*" in text and text.endswith("**It broke.**\n")
    damaged = Turn("assistant", "x", stats={"ttft_s": "soon", "total_s": None, "finish_reason": "stop"})
    assert export.as_markdown("q", (damaged,), ChatSettings()).endswith("x\n\n*finish: stop*\n")


def test_a_conversation_as_json() -> None:
    document = json.loads(export.as_json("qwen", TURNS, ChatSettings(seed=7)))
    assert document["run"] == "qwen" and document["options"] == {"seed": 7}
    assert document["turns"][0] == {
        "role": "user", "text": "What is it?", "time": "1970-01-01T00:00:01.000Z", "images": ["/tmp/cat.png"],
    }  # fmt: skip
    assert document["turns"][1]["tool_calls"] == [{"name": "look", "arguments": '{"x": 1}', "id": ""}]


def test_a_file_is_never_overwritten(tmp_path: Path) -> None:
    first = export.write(str(tmp_path / "chat.md"), "one")
    second = export.write(str(tmp_path / "chat.md"), "two")
    assert [Path(path).name for path in (first, second)] == ["chat.md", "chat-2.md"]
    assert Path(first).read_text() == "one" and stat.S_IMODE(os.stat(first).st_mode) == 0o600
    for bad in ("", " ", "a\x00b", str(tmp_path / "no" / "chat.md")):
        with pytest.raises(VdeckError):
            export.write(bad, "x")
