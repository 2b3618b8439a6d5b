"""A start in words: what goes on now, how far it is, what remains. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from launcher.text import clean_line
from tui import format as words

if TYPE_CHECKING:
    from launcher.runs.view import Download, RunView

_DOING = {
    "imports": "importing vLLM",
    "config": "reading the model's configuration",
    "engine": "starting the engine",
    "download": "downloading the model",
    "load": "loading weights",
    "compile": "compiling the model",
    "kv-cache": "measuring memory for the KV cache",
    "graphs": "capturing CUDA graphs",
    "api": "starting the web server",
}
_UNITS = ("B", "kB", "MB", "GB", "TB")


def doing(run: RunView) -> str:
    """What goes on now: ``loading weights 43 %, shard 3 of 7``; empty before the first sign."""
    phase = clean_line(run.phase or "").strip()
    said = " ".join(part for part in (_DOING.get(phase, phase), clean_line(run.progress or "").strip()) if part)
    more = download(run.download) if run.download is not None else clean_line(run.detail or "")
    return ", ".join(part for part in (said, more) if part)


def download(got: Download) -> str:
    """``3.1 of 14.9 GB, 112 MB/s, about 1m45s``; what is unknown is left out."""
    parts = [f"{_amounts(got.have, got.total)}"]
    if got.rate:
        parts.append(f"{amount(got.rate)}/s")
        left = got.remains_s
        if left is not None:
            parts.append(f"about {words.duration(left)}")
    return ", ".join(parts)


def _amounts(have: float, total: float | None) -> str:
    if total is None:
        return amount(have)
    number, unit = amount(have).split(" ")
    whole, whole_unit = amount(total).split(" ")
    return f"{number} of {whole} {unit}" if unit == whole_unit else f"{number} {unit} of {whole} {whole_unit}"


def amount(value: float) -> str:
    """Bytes as downloads are told, in powers of ten: ``14.9 GB``, ``112 MB``."""
    step = 0
    while value >= 999.5 and step < len(_UNITS) - 1:
        value /= 1000
        step += 1
    return f"{value:.0f} {_UNITS[step]}" if step == 0 or value >= 99.95 else f"{value:.1f} {_UNITS[step]}"


def remains(run: RunView) -> str:
    """``about 18 s to go (from 5 earlier starts)``; empty when nobody can say."""
    if run.remains_s is None:
        return ""
    count = f"{run.earlier} earlier start{'' if run.earlier == 1 else 's'}"
    return f"about {span(run.remains_s)} to go (from {count})"


def short_remains(run: RunView) -> str:
    """``~18 s``; empty when nobody can say."""
    return "" if run.remains_s is None else f"~{span(run.remains_s)}"


def span(seconds: float) -> str:
    """An estimate: whole seconds, never ``0 s``."""
    return f"{max(1, round(seconds))} s" if seconds < 59.5 else words.duration(seconds)
