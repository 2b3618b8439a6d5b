"""The chat pane under a long answer: CPU of the screen, delay of the first token, and whether every token arrives.

    python tests/bench/bench_chat.py [--url URL [--model NAME]] [--tokens 2000] [--rates 250,1000] [--rounds 15]

Without ``--url`` a stand-in server in another process streams at the given rates (tokens a second); with it, that
server does, as fast as it can. The screen is the whole VdeckApp in this process, its driver encodes to ANSI.
CPU is that of this process, all threads, as a part of one core. The delay is the time from sending the request to the
write that paints the first token, less the time that a raw httpx client waits for the first token of the same question;
the two take turns. Targets: 25 % of a core; 15 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.chat.desk import ChatDesk
    from tui.chat.pane import ChatPane

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [ROOT, HERE]

import screens  # noqa: E402
from machine import speed  # noqa: E402

RUN = "369367110000"


def main() -> None:
    """Measure, print."""
    options = argparse.ArgumentParser()
    options.add_argument("--url")
    options.add_argument("--model", default="tiny")
    options.add_argument("--tokens", type=int, default=2000)
    options.add_argument("--rates", default="250,1000")
    options.add_argument("--rounds", type=int, default=15)
    options.add_argument("--size", default="120x40")
    given = options.parse_args()
    width, _, height = given.size.partition("x")
    size = (int(width), int(height))
    print(speed())
    if given.url:
        _measure(given.url, given.model, given.tokens, given.rounds, size, "the server's own rate")
    else:
        for rate in given.rates.split(","):
            with _StandIn(float(rate)) as url:
                _measure(url, "tiny", given.tokens, given.rounds, size, f"{rate} tok/s")
    print(speed())


class _StandIn:
    """The stand-in server as a process of its own."""

    def __init__(self, rate: float) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        argv = [sys.executable, os.path.join(ROOT, "tests", "standin.py"), "--port", str(self.port), "--model", "tiny"]
        argv += ["--token-delay", str(1 / rate), "--first-token-delay", "0.05", "--no-access-log"]
        self.child = subprocess.Popen(argv, stdout=subprocess.DEVNULL)

    def __enter__(self) -> str:
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
                return f"http://127.0.0.1:{self.port}"
            except OSError:
                assert time.monotonic() < deadline, "the stand-in did not start"
                time.sleep(0.05)

    def __exit__(self, *_: object) -> None:
        self.child.kill()
        self.child.wait()


def _measure(url: str, model: str, tokens: int, rounds: int, size: tuple[int, int], name: str) -> None:
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(VDECK_HOME=home, VDECK_CONFIG=home, VDECK_ENGINES=os.path.join(home, "engines"))
        port = int(url.rpartition(":")[2])
        folder = os.path.join(home, "runs", RUN)
        screens.make_run(folder, port - 8000, server_port=port, served_names=[model])
        import fcntl

        lock = os.open(os.path.join(folder, "supervisor.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            print(
                *(
                    f"{name}, {size[0]}x{size[1]}: {line}"
                    for line in asyncio.run(_watch(url, model, tokens, rounds, size))
                ),
                sep="\n",
            )
        finally:
            os.close(lock)


async def _watch(url: str, model: str, tokens: int, rounds: int, size: tuple[int, int]) -> list[str]:
    output = screens.encode()

    from launcher.chat.settings import ChatSettings
    from tui.app import VdeckApp
    from tui.chat.pane import ChatPane

    app = VdeckApp()
    async with app.run_test(size=size) as pilot:
        await screens.until(lambda: app.main.snapshot is not None and bool(app.main.query("DetailTabs")))
        await pilot.press("4")
        await screens.until(lambda: bool(app.main.query(ChatPane)) and app.main.query_one(ChatPane)._model is not None)
        pane = app.main.query_one(ChatPane)
        desk = app.main.query_one("DetailTabs").controller._chat  # type: ignore[attr-defined]
        more = {"ignore_eos": True, "min_tokens": tokens}
        desk.session.change(ChatSettings(max_tokens=tokens, seed=7, extra=more))
        found = [await _long(pane, output, tokens, url, model)]

        desk.session.change(ChatSettings(max_tokens=4, seed=7))
        found.append(await _first_tokens(pane, desk, output, rounds, url, model))
    return found


async def _first_tokens(
    pane: ChatPane, desk: ChatDesk, output: screens.Output, rounds: int, url: str, model: str
) -> str:
    """The first token on the screen, taking turns with a raw client."""
    screen_s, raw_s = [], []
    for number in range(rounds):
        prompt = f"round {number} of the measurement"
        desk.session.clear()
        await asyncio.sleep(0.3)
        raw_s.append(await asyncio.to_thread(_raw, url, model, f"{prompt} raw"))
        screen_s.append(await _painted(pane, output, f"{prompt} screen"))
        await screens.until(lambda: not pane.answering)
    later = sorted(1000 * (ours - theirs) for ours, theirs in zip(screen_s, raw_s))
    return (
        f"first token painted {statistics.median(screen_s) * 1000:.1f} ms after the key, raw httpx has it after "
        f"{statistics.median(raw_s) * 1000:.1f} ms: {statistics.median(later):.1f} ms later (middle half "
        f"{later[len(later) // 4]:.1f} to {later[-1 - len(later) // 4]:.1f}, {rounds} pairs)"
    )


async def _painted(pane: ChatPane, output: screens.Output, prompt: str) -> float:
    """Seconds from the key to the write that has the first token."""
    from tui.chat.wants import Ask, ChatWanted

    seen, begun = asyncio.get_running_loop().create_future(), time.perf_counter()

    def look(now: float, written: int) -> None:
        if not seen.done() and any(one.item.kind == "prose" for one in pane.view.rows.painted):
            seen.set_result(now - begun)

    output.listeners.append(look)
    pane.post_message(ChatWanted(pane, Ask(prompt)))
    try:
        return float(await asyncio.wait_for(seen, 60))
    finally:
        output.listeners.remove(look)


async def _long(pane: ChatPane, output: screens.Output, tokens: int, url: str, model: str) -> str:
    """A whole answer: what it cost, and whether it is whole."""
    from tui.chat.wants import Ask, ChatWanted

    prompt = f"!long {tokens}"
    await asyncio.sleep(1)
    cpu, clock, before = time.process_time(), time.monotonic(), output.bytes
    pane.post_message(ChatWanted(pane, Ask(prompt)))
    await screens.until(lambda: pane.answering)
    while pane.answering:  # noqa: ASYNC110 - a value that the screen keeps
        await asyncio.sleep(0.2)
    spent, cpu = time.monotonic() - clock, time.process_time() - cpu
    turn = pane._turns[-1]
    whole = await asyncio.to_thread(_whole, url, model, prompt, tokens)
    same = (
        "every character is there" if whole == turn.text else f"DIFFERS: {len(whole)} and {len(turn.text)} characters"
    )
    return (
        f"{turn.stats.get('completion_tokens')} tokens in {spent:.1f} s: {100 * cpu / spent:.1f} % of a core, "
        f"{(output.bytes - before) / spent / 1000:.0f} kB/s to the terminal; against the answer in one piece: {same}"
    )


def _whole(url: str, model: str, prompt: str, tokens: int) -> str:
    """The same question, not streamed."""
    import httpx

    body = {
        "model": model, "max_tokens": tokens, "seed": 7, "ignore_eos": True, "min_tokens": tokens,
        "messages": [{"role": "user", "content": prompt}],
    }  # fmt: skip
    answer = httpx.post(f"{url}/v1/chat/completions", json=body, timeout=300).json()
    return str(answer["choices"][0]["message"]["content"])


def _raw(url: str, model: str, prompt: str) -> float:
    """Seconds until a raw client has the first token."""
    import httpx

    body = {
        "model": model,
        "max_tokens": 4,
        "seed": 7,
        "stream": True,
        "messages": [{"role": "user", "content": prompt}],
    }
    begun = time.perf_counter()
    with httpx.Client() as client, client.stream("POST", f"{url}/v1/chat/completions", json=body) as response:
        for line in response.iter_lines():
            if line.startswith("data: {") and json.loads(line[6:])["choices"][0]["delta"].get("content"):
                return time.perf_counter() - begun
    raise SystemExit("no token came")


if __name__ == "__main__":
    main()
