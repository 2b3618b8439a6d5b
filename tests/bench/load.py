"""A steady load on one vLLM server, in a process of its own: so many requests at once, one after the other, for ever.

Prompts are random digits (seeded by the lane), so that no prefix is cached; every answer has the same length. Answers
come whole, not streamed: the client must cost less than what is measured.
"""

from __future__ import annotations

import http.client
import json
import random
import subprocess
import sys
import threading
import urllib.request

TOKENS = 128
DIGITS = 200


class Load:
    """The process, from outside. What it achieves is read from the server's own counters."""

    def __init__(self, port: int, lanes: int) -> None:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/models", timeout=10) as answer:
            model = json.load(answer)["data"][0]["id"]
        argv = [sys.executable, __file__, str(port), str(lanes), model]
        self._process = subprocess.Popen(argv, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"answered\n", "the server gave no answer"

    def close(self) -> None:
        """End it; requests on the way are dropped."""
        self._process.kill()
        self._process.communicate()


def _lane(port: int, model: str, seed: int) -> None:
    rnd, connection, told = random.Random(seed), http.client.HTTPConnection("127.0.0.1", port, timeout=120), False
    while True:
        prompt = "".join(rnd.choices("0123456789", k=DIGITS))
        body = {"model": model, "prompt": prompt, "max_tokens": TOKENS, "ignore_eos": True, "seed": seed}
        connection.request("POST", "/v1/completions", json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == 200, text
        if seed == 0 and not told:
            told = True
            print("answered", flush=True)


def main() -> None:
    """One thread a lane."""
    port, lanes, model = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    for lane in range(1, lanes):
        threading.Thread(target=_lane, args=(port, model, lane), daemon=True).start()
    _lane(port, model, 0)


if __name__ == "__main__":
    main()
