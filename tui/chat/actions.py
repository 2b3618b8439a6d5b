"""The actions of the chat: rows for the one table of actions."""

from __future__ import annotations

from tui.actions import Action

CHAT_ACTIONS: tuple[Action, ...] = (
    Action("interrupt", "escape", "Stop answer", "Stop the answer that comes; else leave the prompt.", "chat"),
    Action("write_prompt", "i", "Write", "Go to the prompt.", "chat"),
    Action("copy_answer", "c", "Copy answer", "Copy the last answer.", "chat", footer=False),
)
