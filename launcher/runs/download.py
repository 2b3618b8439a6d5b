"""How far the download of a model has come: the size of its folder in the Hugging Face cache.

vLLM says nothing while it downloads, and the progress bars of the hub's library do not reach a log. What has come
is on the disk; how much there is to come the hub says, when it can be asked.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

ASK_S = 3.0
_KEPT_S = 20.0
"""The rate is that of so long a stretch."""
_WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".gguf")


def cache_folder(model: str, env: Mapping[str, str], download_dir: str | None = None) -> str | None:
    """Where the files of a hub model are put; None for a folder of this machine or anything that is no hub name."""
    if model.startswith(("/", ".", "~")) or model.count("/") > 1 or "\\" in model or ":" in model:
        return None
    base = download_dir or env.get("HF_HUB_CACHE") or env.get("HUGGINGFACE_HUB_CACHE")
    if not base:
        home = env.get("HF_HOME") or os.path.join(
            env.get("XDG_CACHE_HOME") or os.path.join(env.get("HOME") or os.path.expanduser("~"), ".cache"),
            "huggingface",
        )
        base = os.path.join(home, "hub")
    return os.path.join(os.path.expanduser(base), "models--" + model.replace("/", "--"))


def size(folder: str) -> int:
    """Bytes that have come, unfinished files among them. 0 when there is none."""
    try:
        with os.scandir(os.path.join(folder, "blobs")) as entries:
            return sum(_allocated(entry) for entry in entries)
    except OSError:
        return 0


def _allocated(entry: os.DirEntry[str]) -> int:
    try:
        found = entry.stat(follow_symlinks=False)
    except OSError:
        return 0
    # a file that is written in parts may be made at its whole length first: what is on the disk counts
    return min(found.st_size, found.st_blocks * 512) if entry.name.endswith(".incomplete") else found.st_size


def expected(model: str, env: Mapping[str, str]) -> int | None:
    """Bytes of the weights that vLLM will fetch, as the hub says. Blocks for some seconds at the most; None when it
    cannot, or must not, be asked."""
    if env.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on"):
        return None
    url = urlsplit(env.get("HF_ENDPOINT") or "https://huggingface.co")
    if url.scheme not in ("http", "https") or not url.hostname:
        return None
    headers = {"Authorization": f"Bearer {token}"} if (token := env.get("HF_TOKEN")) else {}
    path = f"{url.path.rstrip('/')}/api/models/{quote(model)}?blobs=true"
    from launcher.metrics import http

    try:
        answer = http.get(
            url.hostname, url.port or (443 if url.scheme == "https" else 80), path, ASK_S, headers,
            scheme=url.scheme, verify=url.scheme == "https",
        )  # fmt: skip
        return weights(json.loads(answer.body)) if answer.status == 200 else None
    except (OSError, ValueError, RecursionError):
        return None


def weights(document: object) -> int | None:
    """Bytes of the files that vLLM loads, out of the hub's list: safetensors where there are any, else the others."""
    siblings = document.get("siblings") if isinstance(document, dict) else None
    if not isinstance(siblings, list):
        return None
    sizes: dict[str, int] = {}
    for one in siblings:
        name, found = (one.get("rfilename"), one.get("size")) if isinstance(one, dict) else (None, None)
        if isinstance(name, str) and isinstance(found, int) and not isinstance(found, bool) and found > 0:
            sizes[name] = found
    for ending in _WEIGHTS:
        chosen = [found for name, found in sizes.items() if name.endswith(ending) and "/" not in name]
        if chosen:
            return sum(chosen)
    return None


class Download:
    """One download that is watched. Times are monotonic seconds."""

    def __init__(self, model: str, env: Mapping[str, str], download_dir: str | None = None) -> None:
        self.folder = cache_folder(model, env, download_dir)
        self._model, self._env = model, env
        self._total: int | None = None
        self._asked = False
        self._seen: list[tuple[float, int]] = []

    def size(self) -> int:
        """Bytes that are there."""
        return size(self.folder) if self.folder is not None else 0

    def progress(self, now: float | None = None) -> str | None:
        """``3.1 of 14.9 GB, 112 MB/s, ~1m45s``; None before the first byte has come."""
        if self.folder is None:
            return None
        if not self._asked:
            self._asked = True
            threading.Thread(target=self._ask, daemon=True).start()
        now = time.monotonic() if now is None else now
        self._seen.append((now, self.size()))
        self._seen = [seen for seen in self._seen if now - seen[0] <= _KEPT_S]
        return text(self._seen, self._total)

    def _ask(self) -> None:
        self._total = expected(self._model, self._env)


def text(seen: list[tuple[float, int]], total: int | None) -> str | None:
    """What was seen (seconds, bytes) in words; nothing while nothing comes."""
    if not seen or seen[-1][1] == 0 or seen[-1][1] == seen[0][1]:
        return None
    (begun, first), (now, last) = seen[0], seen[-1]
    rate = (last - first) / (now - begun) if now > begun else 0.0
    known = total is not None and total >= last
    words = [f"{last / 1e9:.1f} of {total / 1e9:.1f} GB" if known and total else f"{last / 1e9:.2f} GB"]
    if rate > 0:
        words.append(f"{rate / 1e6:.0f} MB/s")
        if known and total:
            words.append(f"~{_duration((total - last) / rate)}")
    return ", ".join(words)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02}m" if hours else f"{minutes}m{rest:02}s" if minutes else f"{rest}s"
