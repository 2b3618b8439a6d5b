"""The line at the foot of the Logs tab, where something is typed: what becomes of it; what is searched and filtered."""

from __future__ import annotations

from textual import on

from tui.detail import log_lens
from tui.detail.log_entry import LogEntry, Purpose
from tui.detail.log_lens import Choice
from tui.detail.log_status import Searched
from tui.detail.log_view import LogView
from tui.detail.log_wants import Find, Forget, Jump, LogWanted, Look, Save, Want
from tui.detail.pane import Pane


class LogFoot(Pane):
    """Holds what is searched for and what is filtered; turns what was typed into wants of the feed."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._problem: str | None = None
        self._choice = Choice()
        self._kept = Choice()
        """The filters before the line was opened."""
        self._search = Searched()
        self._from = 0
        """Where the search line was opened: a search that is being typed begins there."""
        self._since = -1
        self._merged = 1

    @property
    def view(self) -> LogView:
        return self.query_one("#log-view", LogView)

    @property
    def entry(self) -> LogEntry:
        return self.query_one("#log-entry", LogEntry)

    def say(self, note: str) -> None:
        """A note in the status line."""
        raise NotImplementedError

    def paint_status(self) -> None:
        """The status line anew."""
        raise NotImplementedError

    def _want(self, want: Want) -> None:
        self.post_message(LogWanted(want))

    def ask_again(self, purpose: Purpose, text: str) -> None:
        """What was typed was not good: here it is again."""
        if not self.entry.display:
            self._open(purpose, text)

    def _open(self, purpose: Purpose, text: str = "") -> None:
        self._problem = None
        self.entry.open(purpose, text, self.view, self._hands_back)
        self.view.typing = self.entry.field
        self.paint_status()

    def _hands_back(self) -> None:
        """The keys are the view's again."""
        self.view.typing = None
        self.screen.set_focus(self.view)

    def _close_entry(self, opened: int) -> None:
        """Close the line, unless it was opened anew since."""
        if opened != self.entry.opened:
            return
        if self.entry.field.has_focus:
            self._hands_back()
        self.entry.display = False
        self._problem = None
        self.paint_status()

    @on(LogEntry.Typed)
    def _typed(self, event: LogEntry.Typed) -> None:
        event.stop()
        if isinstance(event, LogEntry.Done):
            self._entered(event)
        elif isinstance(event, LogEntry.Left):
            self._abandoned(event)
        elif event.purpose == "filter" or (event.purpose == "search" and event.text.startswith("!")):
            self._filter_typed(event.text)
        elif event.purpose == "search":
            self._search_typed(event.text)

    def _filter_typed(self, words: str) -> None:
        self._problem = log_lens.problem(words)
        if self._problem is None:
            self._look(self._choice._replace(words=words))
        self.paint_status()

    def _search_typed(self, pattern: str) -> None:
        self._problem = log_lens.problem(pattern) if pattern else None
        if self._problem is None:
            self._begin_search(pattern)
        self.paint_status()

    def _begin_search(self, pattern: str) -> None:
        self._search = Searched(pattern)
        self.view.set_pattern(pattern)
        self._want(Find(pattern, self._from) if pattern else Forget())

    def _entered(self, event: LogEntry.Typed) -> None:
        purpose, text = event.purpose, event.text
        if purpose == "save":
            self._save(text)
        elif purpose == "time" and text.strip():
            self._since = -1
            self._want(Jump(text))
        elif self._problem is not None and event.opened == self.entry.opened:
            self.entry.go_on()
            self.view.typing = self.entry.field
            return
        elif purpose == "search" and not text and self._search.pattern:
            self._hunt(backwards=False)
        self._close_entry(event.opened)

    def _abandoned(self, event: LogEntry.Typed) -> None:
        """Escape: as it was before the line was opened."""
        self._close_entry(event.opened)
        if event.purpose in ("filter", "search"):
            self._look(self._choice._replace(words=self._kept.words))
        if event.purpose == "search" and self._search.pattern:
            self._drop_search()
            self.view.go_to(self._from)

    def _drop_search(self) -> None:
        self._begin_search("")
        self.paint_status()

    # -- what comes of it

    def _look(self, choice: Choice) -> None:
        if choice != self._choice:
            self._choice = choice
            self._want(Look(choice))
            self.paint_status()

    def _hunt(self, *, backwards: bool) -> None:
        """From the present hit when it is in view, else from the edge of the view."""
        view = self.view
        if not self._search.pattern:
            self.notify("There is no search yet: / begins one.", severity="warning", markup=False)
            return
        current = view.current if view.current is not None and view.in_view(view.current) else None
        if backwards:
            offset = current if current is not None else view.bottom_offset + 1
        else:
            offset = current + 1 if current is not None else view.top_offset
        self._want(Find(self._search.pattern, offset, backwards, again=True))

    def _save(self, name: str) -> None:
        picked = self.view.picked
        self._want(Save(name, (picked.first, picked.last) if picked is not None else None))
