"""The command ``vdeck``: reads the first words, imports what that one command needs, and turns errors into exit codes.

`vdeck run list` passes through here within a few milliseconds: keep heavy imports inside functions.
"""

from __future__ import annotations

import os
import sys

from launcher.errors import EXIT_DONE, EXIT_INTERRUPTED, UsageError, VdeckError
from tui.commands import tree
from tui.commands.options import Command, Group
from tui.commands.parser import nearest, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line (``sys.argv`` when None) and return its exit code: 0, 1, 2 or 130. Raises nothing."""
    words = sys.argv[1:] if argv is None else list(argv)
    try:
        _prepare_streams()
        code = dispatch(words)
        if sys.stdout is not None:
            sys.stdout.flush()
        if argv is None and words[:2] == ["run", "list"]:
            _leave(code)
        return code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # `vdeck run logs ID | head`: the reader has what it wanted
        _abandon_stdout()
        return EXIT_DONE
    except VdeckError as error:
        return _report(error)
    except OSError as error:
        if not _flushes():
            _abandon_stdout()
        return _report(_from_os(error))
    except Exception as error:  # the last resort: one line for the user, the traceback into a file
        from tui.commands.failure import internal

        return _report(internal(error))


def dispatch(words: Sequence[str]) -> int:
    """Find the command of ``words``, parse the rest against its table, and run it; returns its exit code."""
    if not words:
        return run_command(_command(tree.table("tui")), [])
    first = words[0]
    if first in ("-h", "--help"):
        from tui.commands.helptext import top

        return _print(top())
    if first in ("-V", "--version"):
        from launcher import __version__

        return _print(f"vdeck {__version__}")
    if first not in tree.MODULES:
        raise UsageError(f"unknown {_what(first)} {first}", fix=_meant(first, list(tree.MODULES), "vdeck --help"))
    entry = tree.table(first)
    if isinstance(entry, Command):
        return run_command(entry, words[1:])
    return _dispatch_group(entry, words[1:])


def _dispatch_group(group: Group, words: Sequence[str]) -> int:
    names = {command.name.partition(" ")[2]: command for command in group.commands}
    if words and words[0] in ("-h", "--help"):
        from tui.commands.helptext import of_group

        return _print(of_group(group))
    if not words:
        raise UsageError(f"vdeck {group.name} needs a command", fix=f"one of: {', '.join(names)}")
    command = names.get(words[0])
    if command is None:
        what = f"unknown {_what(words[0])} {words[0]} of vdeck {group.name}"
        raise UsageError(what, fix=_meant(words[0], list(names), f"vdeck {group.name} --help"))
    return run_command(command, words[1:])


def run_command(command: Command, words: Sequence[str]) -> int:
    """Parse ``words`` for this command and run its handler."""
    values = parse(command, words)
    if values is None:
        from tui.commands.helptext import of_command

        return _print(of_command(command))
    code: int = tree.resolve(command.handler)(values)
    return code


def _command(entry: Command | Group) -> Command:
    assert isinstance(entry, Command)
    return entry


def _what(word: str) -> str:
    return "option" if word.startswith("-") else "command"


def _meant(word: str, known: Sequence[str], help_command: str) -> str:
    near = nearest(word, known)
    return f"did you mean {near}" if near else f"see {help_command}"


def _print(text: str) -> int:
    print(text)
    return EXIT_DONE


def _prepare_streams() -> None:
    """A glyph or a stray surrogate that the terminal's encoding lacks is escaped, never an exception."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)  # absent when a test or the screen replaced the stream
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _leave(code: int) -> None:
    """End the process without taking the interpreter apart: a tenth of the time of `vdeck run list`.

    All is flushed, and that command leaves no thread, no child and nothing to be called at exit."""
    if sys.stderr is not None:
        sys.stderr.flush()
    os._exit(code)


def _report(error: VdeckError) -> int:
    from tui.commands.failure import show

    show(error)
    return error.exit_code


def _from_os(error: OSError) -> VdeckError:
    """An error of the system that no part expected (disk full, permission): still a sentence, never a traceback."""
    what = error.strerror or type(error).__name__
    place = f": {os.fsdecode(error.filename)}" if isinstance(error.filename, (str, bytes)) else ""
    return VdeckError(f"{what}{place}", fix="check free space and permissions (vdeck doctor)")


def _flushes() -> bool:
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        return False
    return True


def _abandon_stdout() -> None:
    """Point standard output at nothing, so that the interpreter's last flush does not fail a second time."""
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.close(null)
    except OSError:  # not even that: the exit code is still right
        return


if __name__ == "__main__":
    sys.exit(main())
