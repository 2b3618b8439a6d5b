"""The arguments that a vLLM server names at its start: ``non-default args: {…}``. Pure."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from typing import Any

from launcher.text import clean_line

_MARK = b"non-default args: "
_LONGEST = 64 << 10
_NOT_ARGUMENTS = frozenset({"model_tag", "model", "subparser", "dispatch_function", "config"})
"""The model has a row of its own; the others are no flags of ``vllm serve`` that change anything."""


def named(log: bytes) -> Mapping[str, str]:
    """Flag (without dashes) to value, as the first server of the log names them; empty when none does, or when the
    line cannot be read."""
    at = log.find(_MARK)
    if at < 0:
        return {}
    begin = at + len(_MARK)
    line = log[begin : begin + _LONGEST].partition(b"\n")[0]
    try:
        found = ast.literal_eval(clean_line(line.decode("utf-8", "replace")).strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {
        str(name).replace("_", "-"): written(value)
        for name, value in found.items()
        if isinstance(name, str) and name not in _NOT_ARGUMENTS
    }


def written(value: Any) -> str:
    """A value as a command line has it: ``on`` and ``off`` for a switch, words for a list, JSON for a mapping."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, (list, tuple)):
        return " ".join(map(written, value))
    return str(value)
