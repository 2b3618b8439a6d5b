"""The manifest of the Prometheus that vdeck runs: an ordinary one, so that it is supervised and stopped as every run.
Pure."""

from __future__ import annotations

import shlex

NAME = "prometheus"


def text(binary: str, *, config: str, data: str, port: int | None, retention_s: float) -> str:
    """YAML. ``port`` None: vdeck chooses one. ``retention_s``: how long samples are kept, in seconds."""
    argv = [
        binary,
        f"--config.file={config}",
        f"--storage.tsdb.path={data}",
        f"--storage.tsdb.retention.time={round(retention_s)}s",
    ]
    # $PORT is the shell's, so it stands outside the quotes; exec: nothing but Prometheus is to be stopped
    command = f"exec {shlex.join(argv)} --web.listen-address=127.0.0.1:$PORT"
    return "\n".join([
        "# Written by `vdeck prometheus start`, and again at each start.",
        f"name: {NAME}",
        "description: Scrapes the servers of all runs and keeps their metrics",
        "resources: {gpus: 0}",
        "ports:",
        f"  - {{name: {NAME}, type: http, port: {port or 'auto'}}}",
        "restart: {policy: on-failure, max: 3}",
        "run: |",
        f"  {command}",
        "",
    ])  # fmt: skip
