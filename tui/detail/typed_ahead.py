"""Keys that are typed before the part they are meant for exists: kept, and given to it. On a busy machine, or with
quick hands, letters meant for a prompt would be orders to the runs else."""

from __future__ import annotations

from textual import events
from textual.containers import Vertical
from textual.widget import Widget


def wants(widget: Widget | None, event: events.Key) -> bool:
    """The widget takes this key as text: were the key meant for it, it would not have come past it."""
    return widget is not None and widget.check_consume_key(event.key, event.character)


class TypedAhead(Vertical):
    """``await_keys`` while a part is being made, ``give_keys`` when it is there."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._typed: list[events.Key] = []

    def await_keys(self) -> None:
        """Take the focus, and keep what is typed."""
        if self.is_attached:
            self.can_focus = True
            self.screen.set_focus(self)

    def give_keys(self, target: Widget) -> None:
        """The focus and all that was typed go to the part that is there now."""
        self.screen.set_focus(target)
        self.can_focus = False
        typed, self._typed = self._typed, []
        for event in typed:
            target.post_message(events.Key(event.key, event.character))

    def check_consume_key(self, key: str, character: str | None = None) -> bool:
        """While it is we who have the focus, text is kept; the bindings of other widgets do not get it."""
        printable = character is not None and character.isprintable()
        return self.is_attached and self.screen.focused is self and (printable or key == "enter")

    def on_key(self, event: events.Key) -> None:
        if wants(self, event):
            self._typed.append(event)
            event.stop()
