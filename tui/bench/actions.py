"""The actions of the benchmark tab: rows for the one table of actions."""

from __future__ import annotations

from tui.actions import Action

BENCH_ACTIONS: tuple[Action, ...] = ()
