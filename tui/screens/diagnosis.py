"""The dialog that says why a run failed, shows what a fix changes in its manifest, and carries it out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, cast

from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, OptionList, Static
from textual.widgets.option_list import Option

from launcher.runs.explain import as_text
from launcher.text import clean_line
from styles.themes import palette
from tui.actions import bindings
from tui.render.cells import Cell, to_text
from tui.render.diagnosis import BY_HAND, LOOKING, NOTHING, cause_lines, change_lines, deed_lines, fix_line
from tui.screens.dialog import Dialog
from tui.screens.failures import explain

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from launcher.runs.amendment import Proposal
    from launcher.runs.explain import Explained
    from launcher.runs.view import RunView
    from tui.app import VdeckApp

_TALL = 32
"""Rows of the terminal from which on there is room for more of the log."""


class Outcome(NamedTuple):
    """What the dialog was left with."""

    run_id: str | None = None
    """The run that was started."""
    to_log: bool = False
    """The log is wanted."""
    offset: int | None = None
    """Where in it, in bytes; None: nobody can say."""


class DiagnosisScreen(Dialog[Outcome]):
    """Nothing is written or started before ``ctrl+s``, and what will be is on the screen by then."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("diagnosis"),
        Binding("j", "scroll(1)", "Down", show=False),
        Binding("k", "scroll(-1)", "Up", show=False),
    ]

    def __init__(self, control: Any, run: RunView, told: Explained) -> None:
        super().__init__()
        self.control = control
        self.shown = run
        self.told = told
        self.proposal: Proposal | None = None
        self.busy = False

    def compose(self) -> ComposeResult:
        found = self.told.diagnosis
        with Vertical(id="window", classes="-bad -diagnosis") as window:
            window.border_title = Text(f"{clean_line(self.shown.name)}: {clean_line(found.title)}")
            window.border_subtitle = "l log · c copy · esc close"
            with VerticalScroll(id="window-body", can_focus=False):
                yield Static(id="diagnosis-cause")
                yield OptionList(id="diagnosis-fixes", markup=False, compact=True)
                yield Static(id="diagnosis-change")
            yield Static(id="diagnosis-says")
            with Horizontal(id="window-buttons"):
                yield Button("Write and start (^s)", id="apply", variant="success", compact=True)
                yield Button("Close (esc)", id="close", compact=True)

    def on_mount(self) -> None:
        width, height = self.app.size
        lines = cause_lines(self.told, around=3 if height >= _TALL else 0, width=min(130, width * 92 // 100) - 6)
        self._show("cause", lines)
        fixes, colours = self.query_one("#diagnosis-fixes", OptionList), palette(self.app.theme)
        found = self.told.diagnosis.fixes
        fixes.add_options([Option(to_text(fix_line(n, fix), colours)) for n, fix in enumerate(found, 1)])
        fixes.display = bool(found)
        self._offer(None)
        if found:
            fixes.focus()
            fixes.highlighted = next((index for index, fix in enumerate(found) if fix.changes), 0)
        else:
            self._show("change", (((NOTHING, "muted"),),))
            self.query_one("#close").focus()

    def _show(self, part: str, lines: tuple[Cell, ...]) -> None:
        colours = palette(self.app.theme)
        text = Text("\n", no_wrap=False).join(to_text(line, colours) for line in lines)
        self.query_one(f"#diagnosis-{part}", Static).update(text)

    def _offer(self, proposal: Proposal | None) -> None:
        self.proposal = proposal
        button = self.query_one("#apply", Button)
        button.disabled = proposal is None or not proposal.possible
        self._show("says", deed_lines(proposal))
        button.label = "Write and start (^s)" if proposal is None or proposal.file else "Start changed (^s)"

    # -- what a fix changes

    @on(OptionList.OptionHighlighted, "#diagnosis-fixes")
    def _fix_chosen(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        fix = self.told.diagnosis.fixes[event.option_index]
        self._offer(None)
        self._show("change", LOOKING if fix.changes else BY_HAND)
        if fix.changes:
            work = self._look(event.option_index)
            self.run_worker(work, group="diagnosis-look", exclusive=True, exit_on_error=False)

    async def _look(self, index: int) -> None:
        fix = self.told.diagnosis.fixes[index]
        try:
            proposal = await asyncio.to_thread(self.control.propose, self.shown.id, fix)
        except Exception as error:  # said in the place of the change
            failure = explain(error)
            self._show("change", ((("✖ ", "bad"), (clean_line(f"{failure.title}. {failure.fix}"), "")),))
            return
        self._show("change", change_lines(proposal))
        self._offer(proposal)

    # -- what the user does

    @on(OptionList.OptionSelected, "#diagnosis-fixes")
    def _fix_taken(self, event: OptionList.OptionSelected) -> None:
        """Enter does not start anything: it goes to the button that does."""
        event.stop()
        self.query_one("#close" if self.query_one("#apply", Button).disabled else "#apply").focus()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "apply":
            self.action_apply_fix()
        else:
            self.action_close()

    def action_apply_fix(self) -> None:
        """Write and start what is shown."""
        proposal = self.proposal
        if proposal is None or not proposal.possible or self.busy:
            return
        self.busy = True
        self.query_one("#apply", Button).disabled = True
        self.run_worker(self._carry_out(proposal), group="diagnosis-apply", exit_on_error=False)

    async def _carry_out(self, proposal: Proposal) -> None:
        try:
            run = await asyncio.to_thread(self.control.carry_out, proposal)
        except Exception as error:  # shown; the dialog stays
            cast("VdeckApp", self.app).show_failure(explain(error))
            self._offer(proposal)
        else:
            if self.is_attached:
                self.dismiss(Outcome(run_id=run.id))
        finally:
            self.busy = False

    def action_go_to_log(self) -> None:
        """Close the dialog and show the evidence in the log."""
        self.dismiss(Outcome(to_log=True, offset=self.told.offset))

    def action_copy_diagnosis(self) -> None:
        """Cause, evidence and fixes into the clipboard."""
        self.app.copy_to_clipboard(as_text(self.told))
        self.notify("copied", markup=False)

    def action_scroll(self, lines: int) -> None:
        """Some of a long text up or down."""
        self.query_one("#window-body").scroll_relative(y=lines, animate=False)

    def action_close(self) -> None:
        """Leave it as it is."""
        self.dismiss(None)
