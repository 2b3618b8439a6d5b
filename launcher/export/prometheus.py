"""The scrape configuration and the targets of the live runs, as any Prometheus takes them. Pure.

vLLM answers ``/metrics`` without a key, also when it was started with ``--api-key``: no secret goes in here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import Any, Final

import yaml

from launcher.prometheus.config import scrape_config
from launcher.prometheus.targets import entry
from launcher.runs.view import RunView

_GLOB: Final = re.compile(r"([*?\[\\])")
"""What has a meaning in Prometheus' globs (Go's filepath.Match), and may be in the name of a folder."""
_HEAD: Final = """\
# For prometheus.yml, as it is or below its own scrape_configs. The targets are read again whenever their files change:
# runs come and go without a reload. Labels: job, run, name, model, instance; vLLM adds model_name and engine.
"""


def configuration(folder: str, files: str) -> str:
    """YAML. ``files``: the glob of the target files in ``folder``, an absolute path."""
    files = os.path.join(_GLOB.sub(r"\\\1", folder), files)
    body = yaml.safe_dump({"scrape_configs": [scrape_config(files)]}, sort_keys=False, allow_unicode=True, width=1000)
    return _HEAD + body


def targets(runs: Iterable[RunView]) -> list[dict[str, Any]]:
    """One target group (file_sd and HTTP SD have the same form) for each run whose server is ready, in their order."""
    return [found for run in runs if run.live and run.ready and (found := entry(run)) is not None]
