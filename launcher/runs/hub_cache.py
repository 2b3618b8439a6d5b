"""Where a model of the Hugging Face hub lies on the disk, how much of it is there, and how much it is in all."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Mapping
from typing import Any

_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)?")
_TRUE = ("1", "true", "yes", "on")
TIMEOUT_S = 3.0


def is_hub_name(model: str | None) -> bool:
    """True for ``org/name`` and ``gpt2``; a path is none."""
    return model is not None and _HUB_NAME.fullmatch(model) is not None and not os.path.isdir(model)


def folder(model: str, env: Mapping[str, str], download_dir: str | None = None) -> str:
    """The folder of a model in the cache that ``env`` (or ``--download-dir``) names."""
    cache = download_dir or env.get("HF_HUB_CACHE") or env.get("HUGGINGFACE_HUB_CACHE") or ""
    if not cache:
        home = env.get("HF_HOME") or ""
        if not home:
            base = env.get("XDG_CACHE_HOME") or os.path.join(env.get("HOME") or os.path.expanduser("~"), ".cache")
            home = os.path.join(base, "huggingface")
        cache = os.path.join(home, "hub")
    if cache.startswith("~"):
        cache = (env.get("HOME") or os.path.expanduser("~")) + cache[1:]
    return os.path.join(cache, "models--" + model.replace("/", "--"))


def size(place: str, wanted: Collection[str] = ()) -> tuple[int, bool]:
    """(bytes that are there, whether a file is unfinished) of a model's folder; (0, False) when there is none.

    ``wanted``: names of the blobs that count; empty: all of them.
    """
    total, unfinished = 0, False
    try:
        with os.scandir(os.path.join(place, "blobs")) as entries:
            for entry in entries:
                partial = entry.name.endswith(".incomplete")
                if wanted and entry.name.partition(".")[0] not in wanted:
                    continue
                try:
                    found = entry.stat()
                except OSError:
                    continue  # renamed: it is complete now, and counted next time
                unfinished = unfinished or partial
                # a file that is filled from several places at once has holes
                holes = partial and found.st_blocks > 0
                total += min(found.st_size, found.st_blocks * 512) if holes else found.st_size
    except OSError:
        return total, unfinished
    return total, unfinished


def may_ask(env: Mapping[str, str]) -> bool:
    """False when the run itself must not ask the hub."""
    offline = any(env.get(name, "").lower() in _TRUE for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"))
    return not offline and env.get("VLLM_USE_MODELSCOPE", "").lower() not in _TRUE


def ask(model: str, env: Mapping[str, str], revision: str | None = None) -> dict[str, int]:
    """Blob -> bytes of the weights that vLLM will fetch, as the hub lists them; empty when it does not tell.

    Blocks for TIMEOUT_S at most. The token goes to the endpoint that the run uses and nowhere else (no redirect is
    followed), and over an open connection only to this machine.
    """
    endpoint = _endpoint(env.get("HF_ENDPOINT") or "https://huggingface.co")
    if endpoint is None:
        return {}
    scheme, host, port, prefix = endpoint
    headers = {"Accept": "application/json"}
    token = env.get("HF_TOKEN") or env.get("HUGGING_FACE_HUB_TOKEN")
    if token and (scheme == "https" or host in ("127.0.0.1", "localhost", "::1")):
        headers["Authorization"] = f"Bearer {token.strip()}"
    path = f"{prefix}/api/models/{_quoted(model)}/revision/{_quoted(revision or 'main', slash='%2F')}?blobs=true"
    from launcher.metrics import http

    try:
        answer = http.get(host, port, path, TIMEOUT_S, headers, scheme=scheme, verify=True)
        return weights(json.loads(answer.body)) if answer.status == 200 else {}
    except (OSError, ValueError, RecursionError):
        return {}


def _endpoint(url: str) -> tuple[str, str, int, str] | None:
    match = re.fullmatch(r"(https?)://(\[[^\]]+\]|[^/:@]+)(?::(\d{1,5}))?(/[^?#\s]*)?", url.strip())
    if match is None:
        return None
    scheme, host, port, prefix = match.groups()
    return scheme, host.strip("[]"), int(port or (443 if scheme == "https" else 80)), (prefix or "").rstrip("/")


def _quoted(text: str, slash: str = "/") -> str:
    kept = re.sub(
        r"[^\w.~/-]", lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), text, flags=re.ASCII
    )
    return kept.replace("/", slash)


def weights(listing: Any) -> dict[str, int]:
    """Blob name -> bytes of the files that vLLM takes from a model's listing: safetensors, else the older forms.

    The one file that repeats all shards (``consolidated``) is left out beside an index, as vLLM leaves it out.
    """
    siblings = listing.get("siblings") if isinstance(listing, dict) else None
    named: dict[str, tuple[str, int]] = {}
    for one in siblings if isinstance(siblings, list) else ():
        lfs = one.get("lfs") if isinstance(one, dict) else None
        if not isinstance(lfs, dict) or not isinstance(one.get("rfilename"), str):
            continue
        blob, count = lfs.get("sha256"), lfs.get("size", one.get("size"))
        if isinstance(blob, str) and isinstance(count, int) and count >= 0:
            named[one["rfilename"]] = (blob, count)
    for ends in ((".safetensors",), (".bin",), (".pt",)):
        chosen = {name: blob for name, blob in named.items() if name.endswith(ends) and "original/" not in name}
        if chosen:
            sharded = any("-of-" in name for name in chosen)
            return dict(blob for name, blob in chosen.items() if not (sharded and name.startswith("consolidated")))
    return {}
