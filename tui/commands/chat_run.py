"""``vdeck chat``: one question to the model of a run, the answer streamed to standard output."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from launcher.errors import EXIT_DONE, UsageError, VdeckError
from launcher.runs.view import RunView
from launcher.serving.client import ChatClient, ChatParams, ChatStats, ChatStream, Delta, Part, ToolCall
from launcher.text import clean
from tui import format as words
from tui.commands import output
from tui.commands.options import Values
from tui.commands.which import run_of


def chat(values: Values) -> int:
    """Ask, and print the answer as it comes. Raises VdeckError when the run cannot answer."""
    run = run_of(values.word("ID"))
    url = base_url(run)
    prompt = values.text("PROMPT")
    messages = conversation(_standard_input() if prompt is None else prompt, values.text("system"))
    return asyncio.run(_ask(run, url, messages, values))


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


def conversation(prompt: str, system: str | None) -> list[dict[str, str]]:
    """The messages of one question. Raises UsageError when there is nothing to ask."""
    if not prompt.strip():
        raise UsageError("the prompt is empty", fix="vdeck chat ID 'your question'")
    before = [{"role": "system", "content": system}] if system else []
    return [*before, {"role": "user", "content": prompt}]


def _standard_input() -> str:
    if output.is_terminal(sys.stdin):
        output.note("Type the question and end it with Ctrl-D.")
    return output.standard_input().decode("utf-8", "replace")


async def _ask(run: RunView, url: str, messages: list[dict[str, str]], values: Values) -> int:
    from launcher.runs import control

    key = control.api_key(run.id)
    async with ChatClient(url, api_key=key, verify=False if run.insecure else None) as client:
        params = ChatParams(
            model=values.text("model") or await _first_model(run, client),
            max_tokens=values.integer("max-tokens"),
            temperature=values.number("temperature"),
            seed=values.integer("seed"),
        )
        answer = Answer(quiet=values.flag("json"))
        async with client.stream(messages, params) as stream:
            await _read(stream, answer)
        stats = stream.stats()
    if values.flag("json"):
        output.document(document(run, params.model, answer, stats))
    else:
        answer.end()
        if output.is_terminal(sys.stderr):
            output.note(summary(stats))
    return EXIT_DONE


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


def document(run: RunView, model: str | None, answer: Answer, stats: ChatStats) -> dict[str, Any]:
    """The document of ``--json``: seconds, tokens as the server counted them, unknown null."""
    return {
        "id": run.id,
        "model": model,
        "content": answer.texts["content"],
        "reasoning": answer.texts["reasoning"] or None,
        "tool_calls": [{"name": call.name, "arguments": call.arguments} for call in answer.calls],
        "stats": stats._asdict(),
    }
