"""``vdeck chat``: one question to the model of a run, the answer streamed to standard output."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from typing import Any

from launcher.chat import conversation, options, picture
from launcher.chat.settings import ChatSettings, Mode
from launcher.chat.turn import Turn
from launcher.errors import EXIT_DONE, UsageError, VdeckError
from launcher.runs.view import RunView
from launcher.serving.client import ChatClient, ChatStats, ChatStream, Delta, Part, ToolCall
from launcher.serving.errors import wants_completions
from launcher.text import clean, clean_line, shorten
from tui import format as words
from tui.commands import output
from tui.commands.chat import flag
from tui.commands.options import Values
from tui.commands.which import run_of


def chat(values: Values) -> int:
    """Ask, and print the answer as it comes. Raises VdeckError when the run cannot answer."""
    run = run_of(values.word("ID"))
    url = base_url(run)
    settings = settings_of(values)
    images = tuple(map(_picture, values.many("image")))
    prompt = values.text("PROMPT")
    text = _standard_input() if prompt is None else prompt
    if not text.strip() and not images:
        raise UsageError("the prompt is empty", fix="vdeck chat ID 'your question'")
    asked = conversation.asked([Turn("user", text, images=images)], settings, picture.part)
    return asyncio.run(_ask(run, url, asked, settings, as_json=values.flag("json")))


def settings_of(values: Values) -> ChatSettings:
    """The options as the chat knows them. Raises UsageError with what is wrong with one."""
    mode: Mode = "completions" if values.flag("completions") else "chat"
    settings = ChatSettings(model=values.text("model"), mode=mode)
    for option in options.OPTIONS:
        typed = values.text(flag(option.field)) if option.field != "mode" else None
        if typed is None:
            continue
        try:
            settings = options.change(settings, option, typed)
        except options.Wrong as wrong:
            said = shorten(clean_line(typed), 60)
            raise UsageError(
                f"--{flag(option.field)} needs {wrong}, not {said!r}", fix="see vdeck chat --help"
            ) from wrong
    if settings.mode == "completions":
        _only_text(settings, values.many("image"))
    return settings


def _only_text(settings: ChatSettings, images: Sequence[str]) -> None:
    """Completions send one text: what cannot go along is refused, never left out in silence. Raises UsageError."""
    if settings.system:
        raise UsageError("--completions has no system prompt", fix="put it in front of the text")
    given = {"image": images, "reasoning-effort": settings.reasoning_effort, "thinking": settings.thinking is not None}
    for name, value in given.items():
        if value:
            raise UsageError(
                f"--{name} is of a chat, --completions sends the text as it is", fix="leave one of them out"
            )


def _picture(typed: str) -> str:
    return typed if picture.is_url(typed) else picture.resolve(typed)


def base_url(run: RunView) -> str:
    """Where the run's server answers. Raises VdeckError when it does not (yet, or any more)."""
    if not run.live:
        fix = f"vdeck run restart {run.id} starts it again"
        raise VdeckError(f"run {run.id} ({run.name}) is {run.status}", fix=fix)
    if not run.ready:
        if run.attached:
            raise VdeckError(f"run {run.id} ({run.name}) is {run.reason or 'not ready'}", fix=f"check {run.attached}")
        stage = f"{run.phase} {run.progress or ''}".rstrip() if run.phase else run.status
        raise VdeckError(f"run {run.id} ({run.name}) is not ready ({stage})", fix=f"see vdeck run logs {run.id} -f")
    if run.url is None:
        raise VdeckError(f"run {run.id} ({run.name}) has no port", fix="give its manifest `ports:`")
    return run.url


def _standard_input() -> str:
    if output.is_terminal(sys.stdin):
        output.note("Type the question and end it with Ctrl-D.")
    return output.standard_input().decode("utf-8", "replace")


async def _ask(run: RunView, url: str, asked: conversation.Asked, settings: ChatSettings, *, as_json: bool) -> int:
    from launcher.runs import control

    key = control.api_key(run.id)
    async with ChatClient(url, api_key=key, verify=False if run.insecure else None) as client:
        params = conversation.params(settings, settings.model or await _first_model(run, client))
        answer = Answer(quiet=as_json)
        stream = client.stream(asked, params)
        try:
            async with stream:
                await _read(stream, answer)
        except VdeckError as error:
            if as_json and answer.begun:
                output.document(document(run, params.model, answer, stream.stats(), error.sentence()))
            raise _advised(error, settings) from error
        stats = stream.stats()
    if as_json:
        output.document(document(run, params.model, answer, stats))
    else:
        answer.end()
        if output.is_terminal(sys.stderr):
            output.note(summary(stats))
    return EXIT_DONE


def _advised(error: VdeckError, settings: ChatSettings) -> VdeckError:
    """The error; that of a model without a chat template with the option that helps."""
    if settings.mode == "completions" or not wants_completions(error):
        return error
    return VdeckError(error.title, detail=error.detail, fix="ask again with --completions")


async def _first_model(run: RunView, client: ChatClient) -> str | None:
    if run.served_names:
        return run.served_names[0]
    models = await client.models()
    return models[0].id if models else None


async def _read(stream: ChatStream, answer: Answer) -> None:
    try:
        async for part in stream:
            answer.add(part)
    except BaseException:
        answer.end()  # what came stays on a line of its own, above the error
        raise


class Answer:
    """Collects the parts of an answer, and prints its text as it comes unless ``quiet``.

    The reasoning goes to standard error, and only to a person: what is piped is the answer alone.
    """

    def __init__(self, *, quiet: bool) -> None:
        self.texts = {"content": "", "reasoning": ""}
        self.calls: list[ToolCall] = []
        self._quiet = quiet
        self._clean = output.is_terminal(sys.stdout)
        self._think = output.is_terminal(sys.stderr)
        self._open = False
        """A line of the answer is not ended yet."""

    def add(self, part: Part) -> None:
        """Take one part."""
        if isinstance(part, Delta):
            if part.kind == "content" and not self.texts["content"] and self.texts["reasoning"]:
                self._reason("\n\n")
            self.texts[part.kind] += part.text
            if part.kind == "content":
                self._write(part.text)
            else:
                self._reason(part.text)
        elif isinstance(part, ToolCall) and part.complete:
            self.calls.append(part)
            self._write(f"{part.name}({part.arguments})\n")

    @property
    def begun(self) -> bool:
        """Something of the answer came."""
        return bool(self.calls or any(self.texts.values()))

    def end(self) -> None:
        """Finish the line."""
        if self._open:
            self._write("\n")

    def _write(self, text: str) -> None:
        if self._quiet or not text:
            return
        sys.stdout.write(clean(text) if self._clean else text)
        sys.stdout.flush()
        self._open = not text.endswith("\n")

    def _reason(self, text: str) -> None:
        if self._think and not self._quiet:
            sys.stderr.write(clean(text))
            sys.stderr.flush()


def summary(stats: ChatStats) -> str:
    """``TTFT 212 ms, 45 tok/s, 128 tokens in 3.1 s``; why the answer ended when it did not end by itself."""
    parts = [
        f"TTFT {words.latency(stats.ttft_s)}",
        words.rate(stats.tokens_per_s),
        f"{words.count(stats.completion_tokens)} tokens in {words.seconds(stats.total_s)}",
    ]
    if stats.finish_reason not in (None, "stop"):
        cut = stats.finish_reason == "length"
        parts.append("cut at the token limit" if cut else f"ended by {stats.finish_reason}")
    return ", ".join(parts)


def document(
    run: RunView, model: str | None, answer: Answer, stats: ChatStats, error: str | None = None
) -> dict[str, Any]:
    """The document of ``--json``: seconds, tokens as the server counted them, unknown null. ``error``: why the answer
    did not come to its end."""
    return {
        "id": run.id,
        "model": model,
        "content": answer.texts["content"],
        "reasoning": answer.texts["reasoning"] or None,
        "tool_calls": [{"name": call.name, "arguments": call.arguments} for call in answer.calls],
        "stats": stats._asdict(),
        "error": error,
    }
