"""Where the data of the chat comes from: the part of the panes' sources that is about it, and its real form.

Every method may block and is called in a thread; modules are imported when they are first needed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from launcher.runs.view import RunView

if TYPE_CHECKING:
    from launcher.chat.library import Prompt
    from launcher.chat.settings import ChatSettings
    from launcher.chat.turn import Turn
    from launcher.serving.client import ChatClient


class ChatSources(Protocol):
    """Raises VdeckError or OSError when it cannot be had."""

    def chat_client(self, run: RunView) -> ChatClient:
        """A client of the run's server."""
        ...

    def load_chat(self, run: RunView) -> tuple[Turn, ...]:
        """What was said so far."""
        ...

    def save_turn(self, run: RunView, turn: Turn) -> None:
        """Keep one more turn."""
        ...

    def load_chat_settings(self, run: RunView) -> ChatSettings:
        """How prompts were sent the last time."""
        ...

    def save_chat_settings(self, run: RunView, settings: ChatSettings) -> None:
        """Have it so the next time."""
        ...

    def check_picture(self, path: str) -> None:
        """Raises VdeckError when the file is no picture that can be sent."""
        ...

    def export_chat(self, run: RunView, path: str, turns: tuple[Turn, ...], settings: ChatSettings) -> str:
        """Write a conversation into a new file (empty: a name of our own); the path."""
        ...

    def prompts(self) -> tuple[Prompt, ...]:
        """The prompts that the user keeps as files."""
        ...

    def prompts_folder(self) -> str:
        """Where they lie."""
        ...


class LiveChatSources:
    """The real ones: the run folder, the server of the run, the folder of prompts."""

    def redactor(self, run: RunView) -> Callable[[str], str]:
        """Masks the secrets of this run and whatever looks like one."""
        from launcher.runs import control

        return control.redactor(run.id)

    def chat_client(self, run: RunView) -> ChatClient:
        from launcher.errors import VdeckError
        from launcher.runs import control
        from launcher.serving.client import ChatClient

        if run.url is None:
            raise VdeckError("this run has no endpoint to talk to", fix="give it a port in its manifest")
        verify = False if run.insecure else None
        return ChatClient(run.url, api_key=control.api_key(run.id), verify=verify)

    def load_chat(self, run: RunView) -> tuple[Turn, ...]:
        from launcher.chat import transcript

        return transcript.load(run.folder)

    def save_turn(self, run: RunView, turn: Turn) -> None:
        from launcher.chat import transcript

        transcript.append(run.folder, turn)

    def load_chat_settings(self, run: RunView) -> ChatSettings:
        from launcher.chat import transcript

        return transcript.load_settings(run.folder)

    def save_chat_settings(self, run: RunView, settings: ChatSettings) -> None:
        from launcher.chat import transcript

        transcript.save_settings(run.folder, settings)

    def check_picture(self, path: str) -> None:
        from launcher.chat import picture

        picture.data_url(path)

    def export_chat(self, run: RunView, path: str, turns: tuple[Turn, ...], settings: ChatSettings) -> str:
        """As Markdown, or as JSON when the name ends so; the secrets of the run are masked."""
        from launcher.chat import export

        form = export.as_json if path.strip().endswith(".json") else export.as_markdown
        text = self.redactor(run)(form(run.name, turns, settings))
        return export.write(path or export.own_name(run.name, run.id), text)

    def prompts(self) -> tuple[Prompt, ...]:
        from launcher.chat import library

        return library.prompts()

    def prompts_folder(self) -> str:
        from launcher import paths

        return paths.prompts_dir()
