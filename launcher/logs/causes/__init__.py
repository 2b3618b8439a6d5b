"""Every known cause, as data. The order inside a kind does not matter: the first line in time wins."""

from __future__ import annotations

from launcher.logs.cause import Rule
from launcher.logs.causes import commands, config, gpu, hub, memory, serving, system

RULES: tuple[Rule, ...] = (
    *memory.RULES, *config.RULES, *hub.RULES, *gpu.RULES, *system.RULES, *serving.RULES, *commands.RULES,
)  # fmt: skip
