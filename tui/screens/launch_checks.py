"""What the launch dialog is busy with: the list of manifests, the chosen one read and planned again at every change."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from tui.render.form import FormProblem, FormValues, from_overrides, to_overrides
from tui.screens.dialog import Dialog
from tui.screens.failures import explain
from tui.screens.launch_data import Candidate, Checked, candidates, check, stamp

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from launcher.manifest.overrides import Overrides
    from launcher.runs.view import RunView
    from tui.app import VdeckApp

DEBOUNCE_S = 0.15
WATCH_S = 1.0


class LaunchChecks(Dialog[str | None]):
    """Reads and plans in threads; what it found is in ``checked``. The dialog itself says how that looks."""

    def __init__(self, control: Any, first: Sequence[str], clone: RunView | None) -> None:
        super().__init__()
        self.control = control
        self.clone_of = clone
        self.candidate: Candidate | None = None
        self.checked: Checked | None = None
        self.form_problems: tuple[FormProblem, ...] = ()
        self.overrides: Overrides | None = None
        """Those that ``checked`` was made with."""
        self.stale = False
        """Something was typed since the last check."""
        self._first = tuple(first)
        self._prefill = FormValues()
        self._cloned: Overrides | None = None
        self._base: Overrides | None = None
        """What a cloned run was created with and no field shows (secrets among it)."""
        self._stamp: tuple[int, int] | None = None

    # -- what the dialog does with it

    def loaded(self, found: tuple[Candidate, ...]) -> None:
        """These manifests can be chosen."""
        raise NotImplementedError

    def typed(self) -> FormValues:
        """What stands in the form."""
        raise NotImplementedError

    def show_checked(self) -> None:
        """There is another result of a check."""
        raise NotImplementedError

    # -- what the dialog asks for

    @property
    def deck(self) -> VdeckApp:
        return cast("VdeckApp", self.app)

    @property
    def pending(self) -> bool:
        """A check is under way: what will start is not known yet."""
        return self.candidate is not None and (self.checked is None or self.stale)

    def begin(self) -> None:
        """Look for manifests, and watch the chosen one."""
        self.run_worker(self._load(), group="launch-load", exit_on_error=False)
        self.run_worker(self._watch(), group="launch-watch", exit_on_error=False)

    def choose(self, candidate: Candidate | None) -> FormValues:
        """Another manifest is chosen; what the form shall say for it."""
        self.candidate, self.checked, self.form_problems = candidate, None, ()
        if candidate is None or candidate.group != "Clone" or self.clone_of is None:
            self._base = None
            return FormValues()
        self._base = self._cloned
        return self._prefill._replace(name=self.clone_of.name)

    def recheck(self) -> None:
        """Check the chosen manifest with what is typed now. A newer check takes the place of an older one."""
        work: Callable[[], Awaitable[None]] = self._check  # not called here: it may be cancelled before it begins
        self.run_worker(work, group="launch-check", exclusive=True, exit_on_error=False)

    # -- the work

    async def _load(self) -> None:
        clone: Candidate | None = None
        try:
            if self.clone_of is not None:
                text = await asyncio.to_thread(self.control.manifest_text, self.clone_of.id)
                clone = Candidate("Clone", f"of {self.clone_of.name}", self.clone_of.manifest or "", text)
                self._prefill, self._cloned = from_overrides(
                    await asyncio.to_thread(self.control.overrides, self.clone_of.id)
                )
            found = await asyncio.to_thread(candidates, self.control, self._first, clone)
        except Exception as error:  # shown, and the dialog goes
            self.deck.show_failure(explain(error))
            return
        self.loaded(found)

    async def _watch(self) -> None:
        """A manifest that is edited elsewhere is checked again."""
        while True:
            await asyncio.sleep(WATCH_S)
            chosen = self.candidate
            if chosen is not None and chosen.text is None:
                now = await asyncio.to_thread(stamp, chosen.path)
                if chosen is self.candidate and now != self._stamp:
                    self._stamp = now
                    self.recheck()

    async def _check(self) -> None:
        """Wait until the typing pauses, then read and plan in a thread."""
        chosen = self.candidate
        if chosen is None:
            self.checked = None
            self.show_checked()
            return
        await asyncio.sleep(DEBOUNCE_S if self.checked is not None else 0)
        values = self.typed()
        known = self.checked.manifest if self.checked is not None else None
        overrides, problems = to_overrides(values, known, self._base)
        self._stamp = await asyncio.to_thread(stamp, chosen.path)
        checked = await asyncio.to_thread(check, self.control, chosen, overrides)
        if known is None and checked.manifest is not None and values.port:
            overrides, problems = to_overrides(values, checked.manifest, self._base)  # known now: its ports
            checked = await asyncio.to_thread(check, self.control, chosen, overrides)
        self.overrides, self.form_problems, self.stale, self.checked = overrides, problems, False, checked
        self.show_checked()
