"""What a user types to filter a log: a regular expression, ``!`` in front for its opposite. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple


class Filter(NamedTuple):
    """``accept`` None: no filter (empty or wrong expression); ``problem`` says what is wrong with it."""

    accept: Callable[[str], bool] | None
    problem: str | None = None


def compile_filter(words: str) -> Filter:
    """The filter that ``words`` describe. Lower case finds both cases; a capital letter makes it exact."""
    inverse = words.startswith("!")
    pattern = words[1:] if inverse else words
    if not pattern:
        return Filter(None)
    exact = any(letter.isupper() for letter in re.sub(r"\\.", "", pattern))
    try:
        search = re.compile(pattern, 0 if exact else re.IGNORECASE).search
    except (re.error, RecursionError, OverflowError) as error:
        return Filter(None, f"not a regular expression: {error}")
    if inverse:
        return Filter(lambda text: search(text) is None)
    return Filter(lambda text: search(text) is not None)
