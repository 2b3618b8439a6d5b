"""What the text of a scalar means: numbers, booleans, durations, amounts of memory.

PyYAML's rules (YAML 1.1, which VESSL's client and vLLM's ``--config`` follow) but for their traps: ``1:30`` stays a
text instead of 90, ``010`` instead of 8, ``2024-01-31`` instead of a date, and ``1e-3`` is a number.
"""

from __future__ import annotations

import math
import re
from typing import Any

from launcher.manifest.nodes import Mapping, Node, Scalar, is_null

_TRUE = frozenset(("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"))
_FALSE = frozenset(("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"))
# At most 18 digits: longer is no figure of a manifest, and Python refuses to convert thousands of digits.
_WHOLE = re.compile(r"[-+]?(?:0|[1-9][0-9_]{0,17})")
_FLOAT = re.compile(
    r"[-+]?(?:[0-9][0-9_]{0,40}\.[0-9_]{0,40}|\.[0-9][0-9_]{0,40}|[0-9]{1,17}(?=[eE]))(?:[eE][-+]?[0-9]{1,3})?"
)
_AMOUNT = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,9})?\s?(?:[kKMGTPE]i?[bB]?|[bB])?")
_DURATION_PART = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def scalar_value(node: Scalar) -> str | int | float | bool | None:
    """The typed value: only a plain scalar can be other than a text."""
    if not node.plain:
        return node.text
    if is_null(node):
        return None
    if node.text in _TRUE:
        return True
    if node.text in _FALSE:
        return False
    number = whole(node.text)
    return number if number is not None else _real(node.text)


def _real(text: str) -> float | str:
    if not _FLOAT.fullmatch(text):
        return text
    number = float(text.replace("_", ""))
    return number if math.isfinite(number) else text


def plain_value(node: Node) -> Any:
    """The node as JSON would have it: str, int, float, bool, None, list, dict."""
    if isinstance(node, Scalar):
        return scalar_value(node)
    if isinstance(node, Mapping):
        return {key.text: plain_value(value) for key, value in node.entries}
    return [plain_value(item) for item in node.items]


def whole(text: str) -> int | None:
    """A whole number in decimal, or None."""
    return int(text.replace("_", "")) if _WHOLE.fullmatch(text) else None


def seconds(text: str) -> float | None:
    """A duration in seconds: ``30s``, ``5m``, ``1h30m``, ``500ms``, ``2d``, or a bare number of them. None: not one."""
    text = text.strip()
    if re.fullmatch(r"[0-9]{1,12}(?:\.[0-9]{1,9})?", text):
        return float(text)
    total, end = 0.0, 0
    for part in _DURATION_PART.finditer(text):
        if part.start() != end:
            return None
        total += float(part[1]) * _SECONDS[part[2]]
        end = part.end()
    return total if end and end == len(text) else None


def is_amount(text: str) -> bool:
    """An amount of memory: ``16Gi``, ``512Mi``, ``12GB``, a number of bytes."""
    return _AMOUNT.fullmatch(text) is not None
