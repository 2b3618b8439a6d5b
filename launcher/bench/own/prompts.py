"""What is sent: random tokens, conversations of a ShareGPT file, prompts of a JSONL file. The server counts tokens."""

from __future__ import annotations

import asyncio
import json
import math
import random
from collections.abc import Callable
from typing import Any

from launcher.bench.own.flags import Flags
from launcher.bench.own.request import Prompt
from launcher.bench.own.wire import Broken, Wire
from launcher.errors import VdeckError

_WORDS = (
    "the of and to in is was for on that by with as at from his an were are which this be had or has first not their "
    "after new who they two her she been other when time during there into school more years over city some world "
    "would where later up such used many can state about national out known university united then made people only "
    "one all three between well both under while known number water light house river night table paper green small"
)
_LEAST, _MOST_INPUT, _MOST_TOTAL = 4, 1024, 2048
"""Conversations outside are left out, as ``vllm bench serve`` does it."""
_AT_A_TIME = 16


class Tokens:
    """Counts and makes tokens by the server's own routes; estimates when it has none."""

    def __init__(self, wire: Wire, model: str) -> None:
        self._wire, self._model = wire, model
        self.estimated = False
        """The server does not tokenize: lengths are guessed from characters."""

    async def count(self, text: str) -> int:
        """Tokens of a text."""
        answer = await self._post("/tokenize", {"prompt": text})
        count = answer.get("count")
        if isinstance(count, int):
            return count
        self.estimated = True
        return max(1, math.ceil(len(text) / 4))

    async def pool(self) -> list[int]:
        """Tokens to draw from: ordinary ones, no special one among them."""
        answer = await self._post("/tokenize", {"prompt": _WORDS, "add_special_tokens": False})
        tokens = answer.get("tokens")
        return sorted({token for token in tokens if isinstance(token, int)}) if isinstance(tokens, list) else []

    async def text(self, tokens: list[int]) -> str | None:
        """The text of tokens; None when the server does not say."""
        said = (await self._post("/detokenize", {"tokens": tokens})).get("prompt")
        return said if isinstance(said, str) else None

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            reply, line = await self._wire.post(path, json.dumps({"model": self._model, **body}).encode())
            raw = b"".join([piece async for piece in line.body()])
            self._wire.done(line)
            value = json.loads(raw) if reply.status == 200 else {}
        except (Broken, OSError, EOFError, ValueError):
            return {}
        return value if isinstance(value, dict) else {}


async def prompts(flags: Flags, tokens: Tokens) -> list[Prompt]:
    """As many as are asked for. Raises VdeckError when the data set has none that can be used."""
    rng = random.Random(flags.seed)
    if flags.dataset == "random":
        return await _random(flags, tokens, rng)
    found = await (_sharegpt if flags.dataset == "sharegpt" else _custom)(flags, tokens, rng)
    if not found:
        raise VdeckError(f"{flags.path} holds no prompt that can be used", fix="see docs/bench.md for its form")
    return found[: flags.prompts] + rng.choices(found, k=max(0, flags.prompts - len(found)))


async def _random(flags: Flags, tokens: Tokens, rng: random.Random) -> list[Prompt]:
    pool = await tokens.pool()
    prefix = rng.choices(pool, k=flags.prefix_len) if pool else []
    found = []
    for _ in range(flags.prompts):
        length, wanted = (_vary(mean, flags.range_ratio, rng) for mean in (flags.input_len, flags.output_len))
        whole = length + flags.prefix_len
        if pool and not flags.chat:
            found.append(Prompt([*prefix, *rng.choices(pool, k=length)], whole, wanted))
            continue
        said = await tokens.text([*prefix, *rng.choices(pool, k=length)]) if pool else None
        if said is None:
            tokens.estimated = True
            said = " ".join(rng.choices(_WORDS.split(), k=whole))
        found.append(Prompt(said, whole, wanted))
    return found


def _vary(mean: int, ratio: float, rng: random.Random) -> int:
    return rng.randint(max(1, math.floor(mean * (1 - ratio))), max(1, math.ceil(mean * (1 + ratio))))


async def _sharegpt(flags: Flags, tokens: Tokens, rng: random.Random) -> list[Prompt]:
    entries = [entry for entry in _read(flags.path, json.loads) if isinstance(entry, dict)]
    pairs = [pair for entry in entries if (pair := _pair(entry.get("conversations"))) is not None]
    rng.shuffle(pairs)
    found: list[Prompt] = []
    for begin in range(0, len(pairs), _AT_A_TIME):
        if len(found) >= flags.prompts:
            break
        made = await asyncio.gather(*(_measured(pair, flags, tokens) for pair in pairs[begin : begin + _AT_A_TIME]))
        found += [prompt for prompt in made if prompt is not None]
    return found


async def _measured(pair: tuple[str, str], flags: Flags, tokens: Tokens) -> Prompt | None:
    sent, fixed = await tokens.count(pair[0]), flags.fixed_output_len
    wanted = fixed if fixed is not None else await tokens.count(pair[1])
    short = sent < _LEAST or (fixed is None and wanted < _LEAST)
    return None if short or sent > _MOST_INPUT or sent + wanted > _MOST_TOTAL else Prompt(pair[0], sent, wanted)


def _pair(turns: Any) -> tuple[str, str] | None:
    if not isinstance(turns, list) or len(turns) < 2:
        return None
    texts = [turn.get("value") if isinstance(turn, dict) else None for turn in turns[:2]]
    return (texts[0], texts[1]) if isinstance(texts[0], str) and isinstance(texts[1], str) else None


async def _custom(flags: Flags, tokens: Tokens, rng: random.Random) -> list[Prompt]:
    lines = _read(flags.path, lambda text: [json.loads(line) for line in text.splitlines() if line.strip()])
    rng.shuffle(lines)
    found = []
    for line in lines[: flags.prompts]:
        if not isinstance(line, dict) or not isinstance(line.get("prompt"), str):
            continue
        wanted = flags.fixed_output_len or line.get("output_tokens")
        wanted = wanted if isinstance(wanted, int) and wanted > 0 else 256
        found.append(Prompt(line["prompt"], await tokens.count(line["prompt"]), wanted))
    return found


def _read(path: str | None, read: Callable[[str], Any]) -> list[Any]:
    if path is None:
        raise VdeckError("this data set needs --dataset-path")
    try:
        with open(path, encoding="utf-8") as file:
            value = read(file.read())
    except OSError as error:
        raise VdeckError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise VdeckError(f"{path} is not in the form of its kind: {error}") from error
    if not isinstance(value, list):
        raise VdeckError(f"{path} is no list of conversations")
    return value
