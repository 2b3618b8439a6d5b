"""Pictures of the real screen as SVG.

python docs/screenshot.py [SECONDS_OF_LOAD]            docs/screen.svg: real runs on the CPU engine, under load
python docs/screenshot.py RUN_ID FILE WxH [KEY ...]    the metrics of a run that is there, after these keys
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import re
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
ONE_RUN = len(sys.argv) > 2
if not ONE_RUN:
    os.environ["VDECK_HOME"] = tempfile.mkdtemp(prefix="vdeck-picture-")
os.environ.update(COLORTERM="truecolor", TERM="xterm-256color")

import httpx  # noqa: E402

from launcher.manifest.overrides import Overrides  # noqa: E402
from launcher.runs import control  # noqa: E402

MANIFEST = ROOT / "examples" / "tiny.yaml"
TOO_LONG = Overrides(name="mistral", sets=(("vllm.args.max-model-len", "100000"),))


def create(overrides: Overrides) -> str:
    """A run of the tiny example; its id."""
    return control.create(MANIFEST.read_text(), file=str(MANIFEST), overrides=overrides).id


def load(url: str, stop: threading.Event, number: int) -> None:
    """Chats of random length, with pauses, until told to stop."""
    dice = random.Random(number)
    with httpx.Client(trust_env=False, timeout=120) as client:
        while not stop.is_set():
            words = " ".join("word" for _ in range(dice.randint(5, 400)))
            body = {"model": "tiny", "messages": [{"role": "user", "content": words}]}
            with contextlib.suppress(httpx.HTTPError):  # the server is ended under the last requests
                client.post(f"{url}/v1/chat/completions", json={**body, "max_tokens": dice.randint(20, 900)})
            stop.wait(dice.random() * 3)


async def picture(chosen: str, size: tuple[int, int], *keys: str) -> str:
    """The screen as it is now as SVG, the metrics of the run ``chosen`` in view, after some keys."""
    from tui.app import VdeckApp

    app = VdeckApp()
    async with app.run_test(size=size) as pilot:
        await asyncio.sleep(3)
        app.main.select(chosen)
        await pilot.press("2", "enter", *keys)
        await asyncio.sleep(4)
        svg = app.export_screenshot(title="vdeck")
    return re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)  # the reader's own font: none is fetched


def one_run(run_id: str, file: str, size: str, *keys: str) -> None:
    """A picture of a run that somebody else started."""
    width, _, height = size.partition("x")
    Path(file).write_text(asyncio.run(picture(run_id, (int(width), int(height)), *keys)))


def main() -> None:
    """Start, load, look, stop."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 100.0
    create(TOO_LONG)
    served = create(Overrides(name="llama-tiny"))
    run = control.wait(served, "ready", 300)
    assert run.ready and run.url, run.reason
    stop = threading.Event()
    for number in range(6):
        threading.Thread(target=load, args=(run.url, stop, number), daemon=True).start()
    time.sleep(seconds)
    late = create(Overrides(name="qwen"))
    while not control.read(late).phase:
        time.sleep(0.1)
    (ROOT / "docs" / "screen.svg").write_text(asyncio.run(picture(served, (132, 40), "left_square_bracket")))
    stop.set()
    for run_id in (served, late):
        control.terminate(run_id, force=True)
        control.wait(run_id, "end")


if __name__ == "__main__":
    one_run(*sys.argv[1:]) if ONE_RUN else main()
