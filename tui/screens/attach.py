"""The dialog that attaches a server: those of this machine to choose from, or the URL of another."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from rich.text import Text
from textual import on
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from styles.themes import palette
from tui.actions import bindings
from tui.render.attach import PORT_UNKNOWN, failure_line, server_line
from tui.render.cells import Cell, to_text
from tui.screens.dialog import Dialog
from tui.screens.failures import Failure, explain
from tui.widgets.tick import Tick

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from launcher.host.servers import Server
    from tui.app import VdeckApp

_LOOKING: Cell = (("looking for vLLM servers on this machine …", "muted"),)
_NONE: Cell = (("none found on this machine that vdeck does not watch already", "muted"),)
_ASKING: Cell = (("asking the server …", "busy"),)


class AttachScreen(Dialog[str]):
    """Dismissed with the id of the new run, or None. What was typed stays until it worked."""

    BINDINGS = bindings("attach")

    def __init__(self, control: Any) -> None:
        super().__init__()
        self.control = control
        self.found: tuple[Server, ...] = ()
        self.asking = False

    def compose(self) -> ComposeResult:
        with Vertical(id="window", classes="-attach") as window:
            window.border_title = "Attach a server that vdeck did not start"
            window.border_subtitle = "it is watched, never stopped"
            yield Static(id="attach-found")
            yield OptionList(id="attach-servers", markup=False, compact=True)
            for name, label, hint in (
                ("url", "URL", "http://host:8000"),
                ("name", "Name", "host and port"),
                ("key", "Key", "the variable that holds the API key (VLLM_API_KEY)"),
            ):
                with Horizontal(classes="form-row"):
                    yield Label(label, classes="form-label")
                    yield Input(
                        id=f"attach-{name}", placeholder=hint, compact=True, select_on_focus=False, classes="form-field"
                    )
            with Horizontal(id="attach-options"):
                yield Tick("do not verify TLS", id="attach-insecure", compact=True)
                yield Tick("also when it is down now", id="attach-unchecked", compact=True)
            yield Static(id="attach-says")
            with Horizontal(id="window-buttons"):
                yield Button("Attach (enter)", id="attach", variant="success", compact=True)
                yield Button("Cancel (esc)", id="cancel", compact=True)

    def on_mount(self) -> None:
        self._show_found(_LOOKING)
        self._input("url").focus()
        self.run_worker(self._find(), group="attach-find", exit_on_error=False)

    @property
    def deck(self) -> VdeckApp:
        return cast("VdeckApp", self.app)

    def _input(self, name: str) -> Input:
        return self.query_one(f"#attach-{name}", Input)

    # -- what was found

    async def _find(self) -> None:
        try:
            self.found = await asyncio.to_thread(self.control.found_servers)
        except Exception as error:  # the URL can be typed all the same
            self._say((explain(error).title, "bad"))
        servers = self.query_one("#attach-servers", OptionList)
        servers.display = bool(self.found)
        self._show_found((("found on this machine:", "muted"),) if self.found else _NONE)
        colours = palette(self.app.theme)
        servers.add_options([Option(to_text(server_line(server), colours)) for server in self.found])
        if self.found:
            servers.highlighted = 0
            if not self._input("url").value:
                servers.focus()

    def _show_found(self, line: Cell) -> None:
        self.query_one("#attach-servers").display = bool(self.found)
        self.query_one("#attach-found", Static).update(to_text(line, palette(self.app.theme)))

    def _say(self, *spans: tuple[str, str]) -> None:
        self.query_one("#attach-says", Static).update(to_text(spans, palette(self.app.theme)) if spans else Text())

    # -- what the user does

    @on(OptionList.OptionSelected, "#attach-servers")
    def _server_taken(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        server = self.found[event.option_index]
        if server.url is None:
            self._input("url").value = "http://127.0.0.1:"
            self._input("url").focus()
            self._say((PORT_UNKNOWN, "warn"))
        else:
            self._begin(server.url)

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_submit()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "attach":
            self.action_submit()
        else:
            self.action_close()

    def action_submit(self) -> None:
        """Attach what is typed; with nothing typed, the server that is chosen in the list."""
        servers = self.query_one("#attach-servers", OptionList)
        if self._input("url").value.strip() or not self.found:
            self._begin(self._input("url").value)
        else:
            servers.action_select()

    def action_close(self) -> None:
        """Close the dialog."""
        self.dismiss(None)

    def _begin(self, url: str) -> None:
        if self.asking:
            return
        if not url.strip():
            self._input("url").focus()
            self._say(("type the URL of the server", "warn"))
            return
        self.asking = True
        self._say(*_ASKING)
        self.run_worker(self._ask(url), group="attach", exit_on_error=False)

    async def _ask(self, url: str) -> None:
        given = {
            "name": self._input("name").value.strip() or None,
            "key_variable": self._input("key").value.strip() or None,
            "insecure": self.query_one("#attach-insecure", Tick).value,
            "check": not self.query_one("#attach-unchecked", Tick).value,
        }
        try:
            run = await asyncio.to_thread(self.control.attach, url, **given)
        except Exception as error:  # shown; the dialog stays, so that it can be mended
            self._failed(explain(error))
        else:
            if self.is_attached:
                self.dismiss(run.id)
        finally:
            self.asking = False

    def _failed(self, failure: Failure) -> None:
        if self.is_attached:
            self._say(*failure_line(failure))
        else:  # closed while the server was asked
            self.deck.show_failure(failure)
