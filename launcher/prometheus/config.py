"""The configuration of a Prometheus that scrapes the targets of vdeck. Pure; JSON, which is YAML as well."""

from __future__ import annotations

import json
from typing import Any

from launcher.prometheus.targets import JOB

SCRAPE_S = 5
"""Seconds between two scrapes: what vLLM's own example has. The second by second of the last day is in vdeck's own
store; Prometheus keeps weeks, and five times as much would be a gigabyte a fortnight for each server."""
REFRESH_S = 30
"""Prometheus sees a change of the folder at once (inotify); on a file system without it, after so many seconds."""


def scrape_config(files: str, *, interval_s: int = SCRAPE_S) -> dict[str, Any]:
    """The entry of ``scrape_configs``. ``files``: the glob of the target files.

    Certificates are not verified, as the supervisor does not: servers of one's own have none that could be.
    """
    return {
        "job_name": JOB,
        "scrape_interval": f"{interval_s}s",
        "scrape_timeout": f"{min(interval_s, 4)}s",
        "tls_config": {"insecure_skip_verify": True},
        "file_sd_configs": [{"files": [files], "refresh_interval": f"{REFRESH_S}s"}],
    }


def document(files: str, *, interval_s: int = SCRAPE_S) -> str:
    """The whole file, for ``--config.file``."""
    return json.dumps({"scrape_configs": [scrape_config(files, interval_s=interval_s)]}, indent=2) + "\n"
