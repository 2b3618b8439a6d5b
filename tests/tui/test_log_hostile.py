"""The Logs tab and hostile logs: whatever the bytes are, nothing but text and colour gets to the terminal."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Iterator

import pytest
from detail_host import FakeSources, Host, until, until_text
from log_host import FakeLog, host, opened, status
from screen_text import screen_text
from textual.drivers.headless_driver import HeadlessDriver

from tui.detail.log_pane import LogPane

# What Textual itself writes: colours, places of the cursor, modes, the shape of the mouse pointer, and nothing else.
OURS = re.compile(
    r"\x1b\]22;[a-z-]*\x07|\x1b\[[0-9;:]*m|\x1b\[[0-9;]*[HGKJABCD]|\x1b\[[?>=]?[0-9;]*[hlupqtcn]|\x1b\[\?[0-9;]*\$p|\x1b[78]"
)
HIDDEN = re.compile("[\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]")


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What goes to the terminal, encoded as for a real one."""
    found: list[str] = []
    monkeypatch.setattr(HeadlessDriver, "is_headless", property(lambda self: False))
    monkeypatch.setattr(HeadlessDriver, "write", lambda self, data: found.append(data))
    yield found


def check(written: list[str]) -> str:
    """Nothing but our own sequences and visible text; returns the text."""
    text = "".join(written)
    left = OURS.sub("", text)
    odd = {each for each in left if unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp") and each not in "\r\n"}
    assert not odd, sorted(odd)
    assert not HIDDEN.search(left)
    return left


HOSTILE = [
    "[/models/qwen] [bold]x[/bold] [0] $error [@click=app.quit()]y[/]",
    "\x1b]0;owned\x07title", "\x1b]52;c;b3duZWQ=\x07clip", "\x1b]8;;http://evil\x1b\\click\x1b]8;;\x1b\\",
    "\x1b[2Jclear", "\x1b[?1049lalt", "\x1bPq#0sixel\x1b\\after", "\x1b_kitty\x1b\\img", "\x1bcreset",
    "\x9b31mc1", "\x9d0;c1osc\x9cx",
    "pay\u202eeht\u202c", "zero\u200bwidth\u2060joiner", "tag\U000e0041x", "bell\x07\x08\x08\x08back", "nul\x00\x00x",
    "a\tb\x0bc\x0cd", "10%\r\x1b[2K\x1b[1G20%\r30%", "\x1b[38;5;999;9999999999mcolour", "\x1b[" + "1;" * 500 + "mlong",
    "e\u0301" * 30, "👩‍👩‍👧‍👦 family", "漢" * 60, "half \x1b", "\x1b[31", "INFO \x1b[31mred \x1b]0;cut",
]  # fmt: skip


async def walk(app: Host, pilot: object) -> None:
    """Look at all of it in every form."""
    for keys in (("g",), ("pagedown",), ("w",), ("pagedown",), ("G",), ("t",), ("m",), ("v", "up"), ("w", "escape"),
                 ("slash", "x", "enter"), ("n",), ("right",) * 3, ("G",)):  # fmt: skip
        await pilot.press(*keys)  # type: ignore[attr-defined]
        await pilot.pause()  # type: ignore[attr-defined]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_known_attacks(size: tuple[int, int], written: list[str]) -> None:
    app, _ = host(*HOSTILE)
    async with app.run_test(size=size) as pilot:
        await opened(app, pilot, "INFO red")
        await walk(app, pilot)
    text = check(written)
    assert "payeht" in text and "owned" not in text and "[bold]x[/bold]" in text
    assert "evil" not in text and "sixel" not in text


@pytest.mark.parametrize("seed", range(3))
async def test_random_bytes(seed: int, written: list[str]) -> None:
    chance = random.Random(seed)
    pieces = [*(text.encode() for text in HOSTILE), b"\n", b"\r", b"\xff\xfe", b"\xc3", b"\xe2\x80"]
    body = b"".join(
        chance.choice([chance.randbytes(chance.randrange(200)), chance.choice(pieces), b"\n"]) for _ in range(600)
    )
    sources = FakeSources()
    sources.log = FakeLog()
    sources.log.write(body + b"\nthe end\n")
    app = Host(sources, host()[0].detail.shown_run, "logs")
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(app, pilot, "the end")
        await walk(app, pilot)
        for _ in range(10):
            view.scroll_to(y=chance.randrange(max(1, int(view.max_scroll_y) + 1)))
            await pilot.pause()
        await pilot.press("c")
        assert not any(ord(character) < 32 and character != "\n" for character in app.copied[-1])
    check([piece for piece in written if "]52;" not in piece])  # the copy is our own sequence


async def test_very_long_lines(written: list[str]) -> None:
    app, log = host("x" * 1_000_000, "\x00é" * 500_000, "short", "\u202e" * 100_000)
    async with app.run_test(size=(80, 24)) as pilot:
        view = await opened(app, pilot, "short")
        await pilot.press("slash", "x", "enter")
        await until(pilot, lambda: "hit" in status(app))
        await pilot.press("w", "g")
        await until(pilot, lambda: not view.at_end)
        await pilot.press("G")
        await until_text(pilot, "short")
        log.write(b"y" * 300_000)  # unfinished
        await until_text(pilot, "yyyyy")
    check(written)


async def test_a_binary_file(written: list[str]) -> None:
    """Every byte there is, many times."""
    sources = FakeSources()
    sources.log = FakeLog()
    sources.log.write(bytes(range(256)) * 2000)
    app = Host(sources, host()[0].detail.shown_run, "logs")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: bool(app.query(LogPane)) and "line" in status(app))
        app.detail.focus_pane()
        await walk(app, pilot)
        assert "Logs" in screen_text(app.screen)
    check(written)


async def test_names_of_runs_are_cleaned_too(written: list[str]) -> None:
    from fake_fleet import ready_run

    evil = ready_run("100000000001", "ev\x1b]0;owned\x07il\u202e")
    sources = FakeSources()
    sources.log = FakeLog(["INFO 11-22 06:32:15 [x.py:1] one"])
    app = Host(sources, evil, "logs")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(app, pilot, "one")
        app.detail.merge_logs((evil, ready_run("200000000002", "two")))
        await until_text(pilot, "evil")
    assert "owned" not in check(written)
