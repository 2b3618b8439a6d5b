"""Secrets out of text: the ones that are known, and what looks like one. Pure.

vLLM before 0.28 prints its API key into the log, and people print their environment. Masking is for showing, storing
and exporting; it errs on the side of masking.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from launcher.text import clean

MASK = "***"
_SHORTEST = 6
"""A known value shorter than this is left alone: masking every ``a1`` would tear the log apart."""
_CUT = " … (+"
"""How the readers of logs mark a line that they cut."""
_PART = 4
"""So much of the beginning (or end) of a known value at the end (or beginning) of a text counts as the value, cut."""

# What none of the patterns below can do without: most lines are let through by these alone (each test is ~40 ns).
_HINTS = (
    "hf_", "sk-", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "_pat_", "AKIA", "nvapi-", "glpat-", "xox", "earer", "_key",
    "-key", "pikey", "piKey", "KEY", "Key", "_token", "-token", "token'", 'token"', "token=", "token:", "token =",
    "token :", "TOKEN", "Token", "ecret", "ECRET", "assword", "ASSWORD", "asswd", "ASSWD", "@",
)  # fmt: skip
_TOKENS = re.compile(
    r"(?<![A-Za-z0-9_])(?:"
    r"hf_[A-Za-z0-9]{16,}"
    r"|sk-(?=[A-Za-z0-9_-]*\d)[A-Za-z0-9_-]{16,}"
    r"|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}"
    r"|AKIA[A-Z0-9]{16}|nvapi-[A-Za-z0-9_-]{16,}|xox[abprs]-[A-Za-z0-9-]{10,}"
    r")"
)
_TOKEN_CUT = re.compile(
    r"(?<![A-Za-z0-9_])(?:hf_|sk-|gh[pousr]_|github_pat_|glpat-|AKIA|nvapi-|xox[abprs]-)[A-Za-z0-9_-]*$"
)
_BEARER = re.compile(r"\b([Bb]earer\s+)(?!\*\*\*)[A-Za-z0-9._~+/=-]{6,}")
_URL = re.compile(r"(?<=://)[^\s/@'\"]*[^\s/@'\"*][^\s/@'\"]*@(?=[^\s/])")
_NAME = (
    r"(?:\w*api[_-]?keys?|hf[_-]?token|\w*access[_-]?token|\w*auth[_-]?token|\w*(?:client|app)[_-]?secret|"
    r"\w*secret(?:[_-](?:access[_-])?key)?|\w*passw(?:or)?d|token)"
)
_QUOTED = r"(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
# 'api_key': 'x'   api_key=['x', 'y']   "token": "x"
_VARIABLE = r"(?!['\"]?\$(?:\w+|\{\w+\})(?:['\"\s;&|)]|$))"
"""Not a value but the name of one: ``--api-key "$KEY"`` tells nobody anything."""
_DUMPED = re.compile(rf"(?i)(?<![\w-])(['\"]?{_NAME}['\"]?\s*[:=]\s*)(\[[^\]\n]*\]|\([^)\n]*\)|{_QUOTED})")
# HF_TOKEN=x   api_key=x
_ASSIGNED = re.compile(
    r"(?<![\w-])((?:\w*(?:API_?KEY|TOKEN|SECRET|PASSWORD|PASSWD|ACCESS_KEY)|api_key|hf_token|password)=)"
    rf"(?!\*\*\*|None\b|True\b|False\b){_VARIABLE}[^\s'\"\[(,;){{}}&]+"
)
_OPTION = re.compile(
    rf"(--(?:\w+-)*(?:api-key|token|password|secret)['\"]?(?:=|\s+|,\s*)['\"]?)(?![-*'\"\s]){_VARIABLE}([^\s'\",\])]+)"
)
_MORE_KEYS = re.compile(rf"(?<=\s)(?=[^\s]*\d)(?![-{re.escape(MASK[0])}])[^\s'\"]{{8,}}")
_INNER = re.compile(_QUOTED)


class Redactor:
    """Masks ``secrets`` (values of 6 characters and more, also as JSON, Python and URLs write them) and token shapes.

    Also those that colours or invisible characters stand in: such a line loses its colours. Idempotent.
    """

    __slots__ = ("_known", "_pattern")

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known: set[str] = set()
        for secret in secrets:
            for line in (secret, *secret.splitlines()):
                value = line.strip()
                if len(value) >= _SHORTEST and value.strip("*"):
                    known |= set(_spellings(value))
        self._known = tuple(sorted(known, key=lambda value: (-len(value), value)))
        self._pattern = re.compile("|".join(map(re.escape, self._known))) if known else None

    def __call__(self, text: str) -> str:
        """``text`` with every secret replaced by ``***``."""
        masked = self._settled(text)
        if text.isprintable():
            return masked
        hidden = self._settled(clean(text))
        return masked if hidden == clean(masked) else hidden

    def _settled(self, text: str) -> str:
        for _ in range(4):  # a mask may bring a shape to light; it settles at once
            masked = self._ends(self._once(text))
            if masked == text:
                break
            text = masked
        return text

    def _ends(self, text: str) -> str:
        """The text less what is left of a secret where the text was cut."""
        if "…" in text:
            head, mark, tail = text.rpartition(_CUT)
            if not mark:
                head, mark, tail = (text[:-1], "…", "") if text.endswith("…") else (text, "", "")
            kept = self._without_beginning(head)
            kept = _TOKEN_CUT.sub(MASK, kept) if mark else kept
            if kept.startswith("… "):
                kept = "… " + self._without_rest(kept[2:])
            return kept + mark + tail
        return self._without_beginning(text)

    def _without_beginning(self, text: str) -> str:
        """The text less the beginning of a secret that it ends with."""
        size = len(text)
        for value in self._known:
            at = text.find(value[:_PART], max(0, size - len(value)))
            while at >= 0 and not value.startswith(text[at:]):
                at = text.find(value[:_PART], at + 1)
            if at >= 0:
                return text[:at] + MASK
        return text

    def _without_rest(self, text: str) -> str:
        """The text less the end of a secret that it begins with."""
        for value in self._known:
            for size in range(min(len(value), len(text)), _PART - 1, -1):
                if text.startswith(value[-size:]):
                    return MASK + text[size:]
        return text

    def _once(self, text: str) -> str:
        if self._pattern is not None and any(value in text for value in self._known):
            text = self._pattern.sub(MASK, text)
        if not any(hint in text for hint in _HINTS):
            return text
        text = _TOKENS.sub(MASK, text)
        text = _BEARER.sub(rf"\1{MASK}", text)
        text = _URL.sub(f"{MASK}@", text)
        text = _DUMPED.sub(_mask_value, text)
        text = _ASSIGNED.sub(rf"\1{MASK}", text)
        return _mask_options(text) if "--" in text else text


def _spellings(value: str) -> Iterable[str]:
    """A value as texts show it: as it is, in JSON, in Python's quotes, in a URL."""
    yield value
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield repr(value)[1:-1]
    yield "".join(char if (char.isalnum() and char.isascii()) or char in "-._~" else _percent(char) for char in value)


def _percent(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "replace"))


def secrets_in(text: str) -> set[str]:
    """The values in a text (a command, a variable) that are secret by their name or their shape: to mask them where
    they stand without it."""
    found = set(_TOKENS.findall(text))
    found |= {match[2].strip("'\"") for match in _OPTION.finditer(text)}
    found |= {match[0].partition("=")[2] for match in _ASSIGNED.finditer(text)}
    found |= {inner[0][1:-1] for match in _DUMPED.finditer(text) for inner in _INNER.finditer(match[2])}
    for match in _URL.finditer(text):
        user, _, password = match[0].removesuffix("@").partition(":")
        found.add(password or user)
    return {value for value in found if len(value) >= _SHORTEST and "$" not in value and MASK not in value}


def _mask_value(found: re.Match[str]) -> str:
    """Each quoted value behind a secret's name; the brackets of a list stay."""

    def mask(inner: re.Match[str]) -> str:
        quote = inner[0][0]
        return f"{quote}{MASK}{quote}" if len(inner[0]) > 2 else inner[0]

    return found[1] + _INNER.sub(mask, found[2])


def _mask_options(text: str) -> str:
    """``--api-key X Y``: the first word for sure, the next ones when they look like keys, up to the next option."""
    pieces: list[str] = []
    place = 0
    for found in _OPTION.finditer(text):
        if found.start() < place:
            continue
        pieces += [text[place : found.start()], found[1], MASK]
        end = text.find(" -", found.end())
        end = len(text) if end < 0 else end
        rest = text[found.end() : end]
        pieces.append(_MORE_KEYS.sub(MASK, rest) if found[1].rstrip().endswith("key") else rest)
        place = end
    return "".join([*pieces, text[place:]])
