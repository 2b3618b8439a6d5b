"""What the supervisor learns of a server that vdeck did not start: its version, its length, when it began anew."""

from __future__ import annotations

import json
import time
from typing import Any

from launcher.metrics.exposition import Page
from launcher.metrics.restarts import RestartSight
from launcher.runs import readiness
from launcher.runs.keeper import Keeper
from launcher.runs.record import RunRecord
from launcher.text import clean_line, shorten

ASK_S = 1.0
"""Between two questions to a server that does not answer: it is somebody else's, and may be down for days."""
TIMEOUT_S = 2.0
SEVERAL = "several servers answer at this address in turn: the figures mix them; attach each by its own address"


class Foreign:
    """Beside the ``ServerWatch`` of an attached run. Its facts outlive a supervisor."""

    def __init__(self, record: RunRecord, keeper: Keeper, api_key: str | None) -> None:
        self._record = record
        self._keeper = keeper
        self._api_key = api_key
        self._sight = RestartSight(_number(keeper.state.facts.get("server_started")))
        self._several = False

    def silent(self, why: str | None) -> None:
        """It does not answer, or not as it should."""
        self._keeper.state.reason = f"not ready: {why}"

    def came(self, port: int | None) -> None:
        """It answers: ask who it is. Nothing is lost when it does not tell."""
        if port is None:
            return
        facts = self._keeper.state.facts
        version = _json(self._get(port, "/version")).get("version")
        if isinstance(version, str) and version:
            facts["engine_version"] = shorten(clean_line(version), 40)
        cards = _json(self._get(port, "/v1/models")).get("data")
        card = cards[0] if isinstance(cards, list) and cards and isinstance(cards[0], dict) else {}
        if isinstance(card.get("max_model_len"), int):
            facts["max_model_len"] = str(card["max_model_len"])
        if isinstance(card.get("root"), str):
            facts["model"] = shorten(clean_line(card["root"]), 200)

    def saw(self, page: Page, at_ms: int) -> bool:
        """A page of its metrics; True when it was started anew since the one before."""
        found = self._sight.look(page, at_ms / 1000)
        state = self._keeper.state
        if self._sight.started is not None:
            state.facts["server_started"] = repr(self._sight.started)
        if found == "several" and not self._several:
            self._several = True
            self._keeper.event("problem", SEVERAL)
        if found != "restart" or self._several:
            return False
        state.restarts += 1
        state.ready_at = at_ms / 1000
        self._keeper.event("restart", "the server was started anew: its counters begin again")
        return True

    def _get(self, port: int, path: str) -> bytes:
        headers = readiness.key_header(self._api_key)
        status, body = readiness.get(self._record.probe, port, path, headers, time.monotonic() + TIMEOUT_S / 2)
        return body if status == 200 else b""


def _json(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
