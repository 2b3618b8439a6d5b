"""The fields of the launch dialog. An empty field leaves the manifest as it is; its placeholder says what that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Horizontal, VerticalScroll
from textual.message import Message
from textual.widgets import Input, Label, TextArea

from launcher.text import clean_line
from tui.render.form import FormValues

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from launcher.manifest.model import Manifest


class LaunchForm(VerticalScroll, can_focus=False):
    """Name, GPUs, port, environment, arguments."""

    class Changed(Message):
        """Something was typed."""

    def compose(self) -> ComposeResult:
        for name, label in (("name", "Name"), ("gpus", "GPUs"), ("port", "Port")):
            with Horizontal(classes="form-row"):
                yield Label(label, classes="form-label")
                yield Input(id=f"form-{name}", compact=True, classes="form-field")
        yield Label("Environment, NAME=value a line", classes="form-heading")
        yield TextArea(id="form-env", compact=True, classes="form-area")
        yield Label("vLLM arguments, flag=value a line", classes="form-heading", id="form-args-label")
        yield TextArea(id="form-args", compact=True, classes="form-area")

    def values(self) -> FormValues:
        """What is typed now."""
        return FormValues(
            self._input("name").value, self._input("gpus").value, self._input("port").value,
            self.query_one("#form-env", TextArea).text, self.query_one("#form-args", TextArea).text,
        )  # fmt: skip

    def fill(self, values: FormValues) -> None:
        """Set all fields (another manifest was chosen)."""
        for name in ("name", "gpus", "port"):
            self._input(name).value = getattr(values, name)
        for name in ("env", "args"):
            self.query_one(f"#form-{name}", TextArea).text = getattr(values, name)

    def describe(self, manifest: Manifest | None) -> None:
        """Say in the placeholders what the manifest says (nothing while it cannot be read); arguments are for the
        ``vllm:`` form only."""
        if manifest is None:
            for name in ("name", "gpus", "port"):
                self._input(name).placeholder = ""
            return
        gpus = manifest.resources.gpus
        said = ",".join(map(str, gpus)) if isinstance(gpus, tuple) else "" if gpus is None else str(gpus)
        port = manifest.ports[0].port if manifest.ports else None
        self._input("name").placeholder = clean_line(manifest.name)
        self._input("gpus").placeholder = said or "as many as it needs; 0: CPU; 0,1: these"
        self._input("port").placeholder = "auto" if port is None else str(port)
        args = self.query_one("#form-args", TextArea)
        args.display = self.query_one("#form-args-label").display = manifest.vllm is not None

    def _input(self, name: str) -> Input:
        return self.query_one(f"#form-{name}", Input)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed())

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self.post_message(self.Changed())
