"""The actions of the chat: rows for the one table of actions."""

from __future__ import annotations

from tui.actions import Action

CHAT_ACTIONS: tuple[Action, ...] = (
    Action("interrupt", "escape", "Stop answer", "Stop the answer that comes; else leave the prompt.", "chat"),
    Action("write_prompt", "i", "Write", "Go to the prompt.", "chat"),
    Action("item_down", "j", "Next", "Choose the next prompt, answer or code block.", "chat", footer=False),
    Action("item_up", "k", "Before", "Choose the one before.", "chat", footer=False),
    Action("fold", "enter", "Fold", "Unfold or fold the chosen reasoning or tool call.", "chat"),
    Action("copy_item", "c", "Copy", "Copy the chosen code block, prompt or answer; else the last answer.", "chat"),
    Action("edit_prompt", "e", "Edit", "Edit the chosen (or last) prompt and send it again; what followed it goes.",
           "chat"),
    Action("regenerate", "r,ctrl+r", "Again", "Ask for another answer to the last prompt.", "chat"),
    Action("options", "s,ctrl+o", "Options", "Model, system prompt, temperature and all other options.", "chat"),
    Action("library", "ctrl+l", "Prompts", "Choose one of the prompts that you keep as files.", "chat"),
    Action("history", "h", "Earlier", "Go on with an earlier conversation.", "chat", footer=False),
    Action("save", "ctrl+s", "Save", "Save the conversation as Markdown to a new file.", "chat", footer=False),
)  # fmt: skip
