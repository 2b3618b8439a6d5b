"""What people can do with a run that failed: hear why, mend it, report it. ``control`` offers it with the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from launcher.logs.diagnosis import Fix
    from launcher.runs.amendment import Proposal
    from launcher.runs.explain import Explained
    from launcher.runs.view import RunView


def redactor(run_id: str) -> Callable[[str], str]:
    """What masks every secret of a run in a text."""
    from launcher.runs.masking import redactor

    return redactor(run_id)


def explain(run_id: str) -> Explained | None:
    """Why a run failed, with the evidence; secrets masked. None: nothing is known against it."""
    from launcher.runs.explain import explain

    return explain(run_id)


def propose(run_id: str, fix: Fix) -> Proposal:
    """What a fix makes of the run's manifest, and what would be written; nothing is done yet."""
    from launcher.runs import amendment

    return amendment.propose(run_id, fix)


def carry_out(proposal: Proposal) -> RunView:
    """Write the changed manifest and start a new run of it. Raises VdeckError."""
    from launcher.runs import amendment

    return amendment.carry_out(proposal)


def bundle(run_id: str, path: str | None = None) -> str:
    """Pack what a bug report needs into one file (absent: in the present folder); its path. Raises VdeckError."""
    from launcher.runs.bundle import pack

    return pack(run_id, path)
