"""The present conversation out of everything that was ever said, and what of it is sent. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from launcher.chat.settings import ChatSettings
from launcher.chat.turn import Turn
from launcher.serving.parts import ChatParams
from launcher.text import clean_line, shorten

Asked = list[dict[str, Any]] | str
"""What is sent: the messages of a chat, or the one text of a completion."""
_TITLE = 80


class Conversation(NamedTuple):
    """One conversation as the list of earlier ones shows it."""

    id: float
    """Time of its first turn (seconds since the epoch); what ``resume`` names."""
    title: str
    """Its first prompt, on one line, shortened."""
    turns: tuple[Turn, ...]
    """As they stand, after every edit; failed ones included."""

    @property
    def last(self) -> float:
        """Time of its last turn."""
        return self.turns[-1].time


class Edit(NamedTuple):
    """What an edited prompt, or the wish for another answer, means."""

    mark: Turn
    """To be appended to the transcript before the new turns."""
    kept: tuple[Turn, ...]
    """What stays of the conversation."""
    prompt: Turn
    """The prompt to be sent again, as it was."""


def shown(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    """The present conversation: after the last ``clear``, after every ``rewind``; what failed is in it."""
    found = _split(turns)
    return found[-1] if found else ()


def said(turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """What of a conversation belongs to the context of the next prompt: prompts that were answered, and their answers.

    An answer that failed or is empty drops its prompt as well: two prompts in a row are refused by most chat templates.
    """
    result: list[Turn] = []
    for index, turn in enumerate(turns):
        following = turns[index + 1] if index + 1 < len(turns) else None
        if (turn.role == "user" and following is not None and _answers(following)) or (
            turn.role == "assistant" and _answers(turn)
        ):
            result.append(turn)
    return tuple(result)


def _answers(turn: Turn) -> bool:
    """An answer that came to its end (or was stopped), with something in it."""
    return turn.role == "assistant" and turn.error is None and bool(turn.text or turn.calls)


def earlier(turns: Iterable[Turn]) -> tuple[Conversation, ...]:
    """Every conversation that has a prompt, the newest (last spoken in) first."""
    found: dict[float, Conversation] = {}
    for conversation in _split(turns):
        prompt = next((turn for turn in conversation if turn.role == "user"), None)
        if prompt is not None:
            title = shorten(" ".join(clean_line(prompt.text).split()), _TITLE) or "(a picture)"
            found[conversation[0].time] = Conversation(conversation[0].time, title, conversation)
    return tuple(sorted(found.values(), key=lambda one: one.last, reverse=True))


def edit(turns: Sequence[Turn], index: int) -> Edit:
    """The prompt at ``index`` of a conversation is asked anew: it and all that follows goes. ValueError: no prompt."""
    if not 0 <= index < len(turns) or turns[index].role != "user":
        raise ValueError(f"turn {index} is no prompt")
    kept = tuple(turns[:index])
    return Edit(Turn("rewind", "", keep=index), kept, turns[index])


def regenerate(turns: Sequence[Turn]) -> Edit | None:
    """The last prompt is asked once more; None when there is none."""
    last = max((index for index, turn in enumerate(turns) if turn.role == "user"), default=None)
    return None if last is None else edit(turns, last)


def messages(
    turns: Sequence[Turn], settings: ChatSettings, picture: Callable[[str], dict[str, Any]] | None = None
) -> list[dict[str, Any]]:
    """The body of a chat: system prompt, then ``turns`` (context and the new prompt at the end).

    ``picture`` makes the content part of an image out of its path or URL (``picture.part``); it may raise VdeckError.
    Reasoning is not sent back, as chat templates drop it; tool calls of the model are told, in its own words.
    """
    system = [{"role": "system", "content": settings.system}] if settings.system else []
    return [*system, *(_message(turn, picture) for turn in turns if turn.role in ("user", "assistant"))]


def prompt_text(turns: Sequence[Turn]) -> str:
    """The text that a base model is to go on with: everything said so far, without a word of ours in between."""
    return "".join(turn.text for turn in turns if turn.role in ("user", "assistant"))


def asked(
    turns: Sequence[Turn], settings: ChatSettings, picture: Callable[[str], dict[str, Any]] | None = None
) -> Asked:
    """What is sent, by the mode of the settings: messages, or one text."""
    return prompt_text(turns) if settings.mode == "completions" else messages(turns, settings, picture)


def params(settings: ChatSettings, model: str | None) -> ChatParams:
    """The options of a request. ``model``: what is asked when the settings name none."""
    chat = settings.mode == "chat"
    thinking = {"enable_thinking": settings.thinking} if chat and settings.thinking is not None else None
    return ChatParams(
        model=settings.model or model,
        max_tokens=settings.max_tokens,
        temperature=settings.temperature,
        top_p=settings.top_p,
        top_k=settings.top_k,
        min_p=settings.min_p,
        presence_penalty=settings.presence_penalty,
        frequency_penalty=settings.frequency_penalty,
        repetition_penalty=settings.repetition_penalty,
        seed=settings.seed,
        stop=settings.stop or None,
        reasoning_effort=settings.reasoning_effort if chat else None,
        chat_template_kwargs=thinking,
        extra=dict(settings.extra),
    )


def _message(turn: Turn, picture: Callable[[str], dict[str, Any]] | None) -> dict[str, Any]:
    if turn.role == "user" and turn.images and picture is not None:
        text = [{"type": "text", "text": turn.text}] if turn.text else []
        return {"role": "user", "content": [*(picture(image) for image in turn.images), *text]}
    if turn.calls and not turn.text:
        return {"role": "assistant", "content": "\n".join(f"{call.name}({call.arguments})" for call in turn.calls)}
    return {"role": turn.role, "content": turn.text}


def _split(turns: Iterable[Turn]) -> list[tuple[Turn, ...]]:
    """The conversations, the present one last (empty right after a ``clear``)."""
    done: list[tuple[Turn, ...]] = []
    present: list[Turn] = []
    for turn in turns:
        if turn.role == "clear":
            done.append(tuple(present))
            present = []
        elif turn.role == "rewind":
            del present[turn.keep :]
        elif turn.role == "resume":
            done.append(tuple(present))
            present = list(next((one for one in reversed(done) if one and one[0].time == turn.keep_time), ()))
        else:
            present.append(turn)
    return [*(one for one in done if one), tuple(present)]
