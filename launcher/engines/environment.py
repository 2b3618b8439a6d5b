"""The environment variables that tools get: the user's own, less what would put files into another place."""

from __future__ import annotations

from collections.abc import Mapping

_MISLEADING = frozenset(
    {
        "PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "__PYVENV_LAUNCHER__",
        "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER", "PIP_PYTHON",
    }
)  # fmt: skip


def for_tools(environ: Mapping[str, str]) -> dict[str, str]:
    """For Python and vLLM in an engine: index, proxy and certificate settings stay as they are."""
    kept = {name: value for name, value in environ.items() if name not in _MISLEADING}
    kept["PYTHONUNBUFFERED"] = "1"  # into a pipe, lines would come in blocks of 8 KB: no progress to show
    return kept


def for_pip(environ: Mapping[str, str], *, scratch: str) -> dict[str, str]:
    """For pip. ``PIP_USER=0`` because a ``user = true`` in pip.conf fails in an environment.

    ``scratch`` instead of the system's temporary folder, which is often a small one in memory, and would keep hundreds
    of half-unpacked folders of a pip that was killed.
    """
    own = {"PIP_USER": "0", "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "TMPDIR": scratch}
    return {**for_tools(environ), **own}
