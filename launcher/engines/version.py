"""Version strings of vLLM and torch: order, match, and what the local part (``+cpu``, ``+cu129``) tells. Pure."""

from __future__ import annotations

import re

from launcher.engines.engine import Variant

_PARTS = re.compile(
    r"v?(?P<release>\d+(?:\.\d+)*)(?:[._-]?(?P<pre>a|b|rc)[._-]?(?P<pre_number>\d*))?"
    r"(?P<post>\.post\d+)?(?:[._-]?dev(?P<dev>\d*))?",
    re.IGNORECASE,
)
VersionKey = tuple[tuple[int, ...], int, int, int]


def base(version: str) -> str:
    """Without the local part and a leading ``v``: ``v0.32.0+cpu`` -> ``0.32.0``."""
    return version.strip().split("+", 1)[0].removeprefix("v")


def local(version: str) -> str:
    """The local part: ``0.32.0+cpu`` -> ``cpu``; empty when there is none."""
    return version.strip().partition("+")[2]


def key(version: str | None) -> VersionKey:
    """Sorts as PEP 440 orders releases, pre-releases and development versions; what is no version sorts first."""
    found = _PARTS.match(base(version or ""))
    if found is None:
        return ((), 0, 0, 0)
    numbers = [int(part) for part in found["release"].split(".")]
    while numbers and numbers[-1] == 0:  # 0.33 is 0.33.0
        numbers.pop()
    stage = {"a": -3, "b": -2, "rc": -1}.get((found["pre"] or "").lower(), 0)
    if found["dev"] is not None and not stage:
        stage = -4
    post = int((found["post"] or ".post0").removeprefix(".post")) + (1 if found["post"] else 0)
    return (tuple(numbers), stage, int(found["pre_number"] or 0), post)


def matches(version: str | None, wanted: str) -> bool:
    """``0.33.0`` matches ``0.33.0+cpu``; a wanted local part must be there exactly."""
    if version is None:
        return False
    if local(wanted) and local(wanted) != local(version):
        return False
    return base(version) == base(wanted) or (key(version)[0] != () and key(version) == key(wanted))


def variant_of_local(part: str) -> Variant | None:
    """What a local part says: ``cpu``, ``cu129``, ``gabcdef.cu129``, ``rocm64``; None when it says nothing."""
    for word in re.split(r"[._-]", part.lower()):
        if word == "cpu":
            return "cpu"
        if word.startswith("rocm"):
            return "rocm"
        if re.fullmatch(r"cu(da)?\d+", word):
            return "cuda"
    return None
