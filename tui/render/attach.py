"""The lines of the attach dialog. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from launcher.text import clean_line, shorten
from tui.render.cells import Cell

if TYPE_CHECKING:
    from launcher.host.servers import Server
    from tui.screens.failures import Failure

PORT_UNKNOWN = "it runs in a container: complete the URL with the port that the container publishes"


def server_line(server: Server) -> Cell:
    """``18800  tiny  http://127.0.0.1:18800  pid 9010``."""
    model = shorten(clean_line(server.model or "-"), 24)
    place = clean_line(server.url) if server.url is not None else "in a container"
    return (
        (f" {server.port:>5}  ", "title"), (f"{model:<24}  ", ""), (place, "key" if server.url else "warn"),
        (f"  pid {server.pid}", "muted"),
    )  # fmt: skip


def failure_line(failure: Failure) -> Cell:
    """What is wrong, and what to do."""
    line: Cell = (("✖ ", "bad"), (failure.title, "bad"))
    return (*line, ("\n→ ", "key"), (failure.fix, "")) if failure.fix else line


def found_line(count: int) -> Cell:
    """For a deck without runs: how to watch what runs already; ``count``: servers found on this machine."""
    if not count:
        return (("a", "key"), (" watches a vLLM server that runs already, here or elsewhere.", ""))
    what = "A vLLM server runs" if count == 1 else f"{count} vLLM servers run"
    return ((f"{what} on this machine already: ", "good"), ("a", "key"), (" attaches.", "good"))
