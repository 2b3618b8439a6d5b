"""One look at an address before it is attached: a vLLM server, or one sentence that says what is wrong."""

from __future__ import annotations

import json
import time
from typing import Any, NamedTuple

from launcher.errors import VdeckError
from launcher.metrics import exposition, http, unanswered
from launcher.metrics.names import is_vllm
from launcher.runs.readiness import key_header
from launcher.runs.target import Target

ALL_S = 8.0
"""For all of it; each question gets at most half."""


class Seen(NamedTuple):
    """``wants_key``: the models are hidden behind an API key that we do not have; the metrics never are."""

    names: tuple[str, ...] = ()
    wants_key: bool = False


def look(target: Target, *, api_key: str | None = None, verify: bool = True) -> Seen:
    """Ask the server who it is. Raises VdeckError: nobody there, a certificate that is not good, no vLLM, a wrong
    key."""
    return _Look(target, api_key, verify).all()


class _Look:
    def __init__(self, target: Target, api_key: str | None, verify: bool) -> None:
        self._target = target
        self._headers = key_header(api_key)
        self._verify = verify
        self._until = time.monotonic() + ALL_S

    def all(self) -> Seen:
        url = self._target.url
        health = self._get("/health")
        if 300 <= health.status < 400:
            raise self._error(f"{url} points elsewhere (HTTP {health.status})", "use the address it points to")
        page, models = self._get("/metrics"), self._get("/v1/models")
        locked = models.status in (401, 403)
        if locked and self._headers:
            raise self._error(f"{url} refuses the API key", "give the key that the server was started with")
        cards = _cards(models.body)
        if not (_has_vllm(page.body) or _are_of_vllm(cards) or (locked and self._has_version())):
            said = f"/health says {health.status}, /metrics {page.status}, /v1/models {models.status}"
            fix = "check the host, the port and the path"
            raise self._error(f"what answers at {url} is no vLLM server ({said})", fix)
        if health.status != 200:
            raise self._error(f"the server at {url} is not well: /health says {health.status}", "look at its log")
        return Seen(tuple(str(card["id"]) for card in cards if "id" in card), locked)

    def _get(self, path: str) -> http.Response:
        target = self._target
        left = max(0.1, min(ALL_S / 2, self._until - time.monotonic()))
        try:
            return http.get(
                target.host, target.port, target.prefix + path, left, self._headers, scheme=target.scheme,
                verify=self._verify,
            )  # fmt: skip
        except OSError as error:
            said = unanswered.certificate_problem(error)
            if said is not None:
                raise VdeckError(
                    f"the certificate of {target.url} is not good: {said}",
                    fix=f"if you know that server all the same: vdeck attach {target.url} --insecure",
                ) from error
            fix = "check the host, the port, and http or https"
            raise self._error(f"no answer from {target.url}: {unanswered.why(error)}", fix) from error

    def _has_version(self) -> bool:
        """The last sign, of a server that shows neither metrics nor models."""
        answer = self._get("/version")
        return answer.status == 200 and isinstance(_object(answer.body).get("version"), str)

    def _error(self, title: str, fix: str) -> VdeckError:
        return VdeckError(title, fix=f"{fix}; --no-check attaches all the same, and waits until it answers")


def _has_vllm(page: bytes) -> bool:
    try:
        return any(is_vllm(series.name) for series in exposition.parse(page).series)
    except exposition.ExpositionError:
        return False


def _cards(body: bytes) -> list[dict[str, Any]]:
    data = _object(body).get("data")
    return [card for card in data if isinstance(card, dict)] if isinstance(data, list) else []


def _are_of_vllm(cards: list[dict[str, Any]]) -> bool:
    return any(card.get("owned_by") == "vllm" for card in cards)


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
