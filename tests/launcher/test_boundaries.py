"""The rules of the house, as tests: who may import what, start processes, build paths, name colours; who must speak."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

from launcher.paths import RunPaths

ROOT = Path(__file__).parents[2]


def _modules(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _dotted(node: ast.expr) -> str:
    """``os.path.join`` of an attribute chain; empty when it starts with something else than a name."""
    if isinstance(node, ast.Attribute):
        before = _dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return node.id if isinstance(node, ast.Name) else ""


def _imported(tree: ast.Module) -> Iterator[str]:
    """Everything that is imported anywhere in the file, as ``package.module.name``; not what only types need."""
    for node in _without_type_checking(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _without_type_checking(tree: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.If) and _dotted(child.test).endswith("TYPE_CHECKING"):
            continue
        yield child
        yield from _without_type_checking(child)


def _calls(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield _dotted(node.func) or (f"?.{node.func.attr}" if isinstance(node.func, ast.Attribute) else "?")


def _strings(tree: ast.Module) -> Iterator[str]:
    """String constants that are no docstrings (nor the comments in quotes below a field)."""
    notes = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in notes:
            yield node.value


def _loads(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; sys.stderr.write(' '.join(sys.modules))"],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return set(done.stderr.split())


def _offenders(paths: Iterable[Path], look: Callable[[ast.Module], Iterable[str]]) -> dict[str, list[str]]:
    """File -> what it does that it may not; empty when the rule holds."""
    found = {_name(path): sorted(look(_tree(path))) for path in paths}
    assert found, "the rule looks at no file"
    return {name: what for name, what in found.items() if what}


def _importable(paths: Iterable[Path]) -> list[str]:
    return [_name(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in paths]


def _roots(names: Iterable[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


def test_the_core_knows_no_screen_and_no_engine() -> None:
    """Every module of launcher, imported in an interpreter of its own: no textual, no rich, no vllm."""
    names = _importable(_modules("launcher"))
    loaded = _loads("\n".join(f"import {name}" for name in names))
    assert set(names) <= loaded
    assert {name for name in loaded if name.partition(".")[0] in ("textual", "rich", "vllm", "tui")} == set()


def test_no_import_of_the_screen_is_hidden_in_a_function() -> None:
    screen = {"textual", "rich", "vllm", "tui", "styles"}
    assert _offenders(_modules("launcher"), lambda tree: _roots(_imported(tree)) & screen) == {}


def test_run_list_imports_nothing_heavy() -> None:
    loaded = _loads("from tui.cli import main; main(['run', 'list'])")
    assert loaded & {"textual", "rich", "asyncio", "httpx", "dataclasses", "argparse", "pathlib", "yaml"} == set()


def test_the_command_line_needs_no_textual() -> None:
    """Only `vdeck tui` opens the screen."""
    names = _importable([*_modules("tui/commands"), ROOT / "tui" / "cli.py"])
    assert _roots(_loads("\n".join(f"import {name}" for name in names))) & {"textual", "rich", "vllm"} == set()


READS = frozenset({"open", "io.open", "os.open", "os.read", "os.pread", "os.listdir", "os.scandir"})
READ_METHODS = (".read_text", ".read_bytes", ".write_text", ".write_bytes")


def test_widgets_neither_fetch_nor_read() -> None:
    """The controller of the details is no widget: it reads for the panes, in threads."""

    def look(tree: ast.Module) -> Iterator[str]:
        yield from _roots(_imported(tree)) & {"httpx", "subprocess", "socket", "urllib"}
        yield from (name for name in _calls(tree) if name in READS or name.endswith(READ_METHODS))

    widgets = [
        path for path in _modules("tui/widgets", "tui/detail", "tui/chat", "tui/bench") if path.name != "controller.py"
    ]
    assert _offenders(widgets, look) == {}


STARTS = re.compile(
    r"os\.(kill|killpg|fork|forkpty|system|popen|posix_spawnp?|exec[lv]\w*|spawn[lv]\w*|pidfd_send_signal)$"
    r"|signal\.(pidfd_send_signal|pthread_kill|raise_signal)$|pty\.(fork|spawn)$|asyncio\.create_subprocess_\w+$"
)


def test_only_one_module_starts_and_signals() -> None:
    def look(tree: ast.Module) -> Iterator[str]:
        yield from _roots(_imported(tree)) & {"subprocess", "multiprocessing", "pty"}
        yield from (name for name in (*_calls(tree), *_imported(tree)) if STARTS.match(name))

    process = ROOT / "launcher" / "runs" / "process.py"
    assert set(look(_tree(process))) >= {"subprocess", "os.kill", "os.fork", "os.execv"}, "the rule is blind"
    assert _offenders([path for path in _modules("launcher", "tui") if path != process], look) == {}


def _run_files() -> set[str]:
    """The names of the files of a run, from the one place that knows them.

    A bare word ("metrics", "bench", "env") is an ordinary string as well: only names with a suffix can be told.
    """
    at = RunPaths("/")
    names = {getattr(at, name)[1:] for name, value in vars(RunPaths).items() if isinstance(value, property)}
    return {name for name in names if "." in name}


def test_only_one_module_knows_the_state_folder() -> None:
    """No other one holds the name of a file of a run or asks where the state folder is; messages may speak of both."""
    files = _run_files()
    assert {"state.json", "run.json", "events.jsonl", "output.log", "supervisor.lock"} <= files
    variables = {"VDECK_HOME", "VDECK_CONFIG", "VDECK_ENGINES", "XDG_STATE_HOME"}

    def look(tree: ast.Module) -> Iterator[str]:
        yield from (text for text in _strings(tree) if text.rpartition("/")[2] in files or text in variables)

    paths = ROOT / "launcher" / "paths.py"
    assert set(look(_tree(paths))) >= files | variables, "the rule is blind"
    assert _offenders([path for path in _modules("launcher", "tui") if path != paths], look) == {}


_HEX = r"#[0-9a-fA-F]{3}(?:[0-9a-fA-F]{3})?(?:[0-9a-fA-F]{2})?"
COLOUR = re.compile(
    rf"^(?:(?:on|bold|dim|italic|not) )*{_HEX}(?: on \S+)?$"
    rf"|(?:color|background|border[\w-]*|tint|outline)\s*:[^;]*{_HEX}"
    r"|(?:rgba?|hsla?)\(\d"
)
NAMED = re.compile(
    r"(?:(?:on|bold|dim|italic|not|underline) )*"
    r"(?:bright_|ansi_|dark_|light_)*(?:red|green|blue|yellow|cyan|magenta|white|black|orange|purple|gr[ae]y)\d*"
    r"(?: on \w+)?"
)


def test_colours_are_in_styles_only() -> None:
    def look(tree: ast.Module) -> Iterator[str]:
        yield from (text for text in _strings(tree) if COLOUR.search(text) or NAMED.fullmatch(text.strip()))

    assert _offenders(_modules("launcher", "tui"), look) == {}


def test_the_rule_of_colours_sees_colours() -> None:
    for text in ("#fff", "bold #10a0b0", "color: #10a0b0cc;", "border-left: solid #fff", "rgb(1,2,3)"):
        assert COLOUR.search(text)
    for text in ("red", "bold red", "bright_green on black", "ansi_bright_blue", "grey37"):
        assert NAMED.fullmatch(text)
    for text in ("#369367189168", "Deleted #123.", "predicted", "$error", "a red one"):
        assert not COLOUR.search(text)
        assert not NAMED.fullmatch(text)


def test_the_core_does_not_print() -> None:
    assert _offenders(_modules("launcher"), lambda tree: set(_calls(tree)) & {"print", "input"}) == {}


GIVEN = frozenset(
    {"compose", "render", "render_line", "get_content_height", "get_content_width", "get_default_screen", "search",
     "discover", "get_system_commands", "get_driver_class", "get_css_variables", "get_theme_variable_defaults"}
)  # fmt: skip
GIVEN_PREFIXES = ("_", "on_", "action_", "watch_", "validate_", "compute_", "check_")


def _undocumented(tree: ast.Module, explained_here: set[str]) -> Iterator[str]:
    """Public functions of the module and public methods of its public classes that say nothing of themselves.

    May be silent: a property (its name says what it is, as that of a field does), what Textual calls and documents
    (``compose``, ``on_…``, ``action_…``, ``watch_…``), a method that a documented one of a base class or of a Protocol
    in the same package explains, and the stubs of ``typing.overload``.
    """
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if not node.name.startswith("_") and _must_speak(node):
                yield node.name
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            explained = explained_here | _explained_by_bases(node)
            for method in node.body:
                if not isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef)) or method.name in explained:
                    continue
                if not method.name.startswith(GIVEN_PREFIXES) and method.name not in GIVEN and _must_speak(method):
                    yield f"{node.name}.{method.name}"


def _must_speak(method: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    if {"property", "cached_property", "setter", "on", "overload"} & _decorators(method):
        return False
    return ast.get_docstring(method) is None


def _decorators(node: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    return {_dotted(d.func if isinstance(d, ast.Call) else d).rpartition(".")[2] for d in node.decorator_list}


@cache
def _classes() -> dict[str, list[ast.ClassDef]]:
    """Every class of the project by its bare name."""
    found: dict[str, list[ast.ClassDef]] = {}
    for path in _modules("launcher", "tui"):
        for node in _tree(path).body:
            if isinstance(node, ast.ClassDef):
                found.setdefault(node.name, []).append(node)
    return found


def _explained_by_bases(node: ast.ClassDef) -> set[str]:
    """Names of the documented methods of all base classes that are ours."""
    names: set[str] = set()
    for base in node.bases:
        bare = _dotted(base.value if isinstance(base, ast.Subscript) else base).rpartition(".")[2]
        for parent in _classes().get(bare, ()):
            if parent is not node:
                documented = (m for m in parent.body if isinstance(m, (ast.FunctionDef, ast.AsyncFunctionDef)))
                names |= {m.name for m in documented if ast.get_docstring(m)} | _explained_by_bases(parent)
    return names


def _explained_by_protocols(folder: Path) -> set[str]:
    """Names of the documented methods of the Protocols of a package: who implements one need not repeat it."""
    classes = (node for path in folder.glob("*.py") for node in _tree(path).body if isinstance(node, ast.ClassDef))
    protocols = (node for node in classes if "Protocol" in map(_dotted, node.bases))
    methods = (m for node in protocols for m in node.body if isinstance(m, (ast.FunctionDef, ast.AsyncFunctionDef)))
    return {method.name for method in methods if ast.get_docstring(method)}


def test_what_is_public_says_what_it_does() -> None:
    found = {p: list(_undocumented(_tree(p), _explained_by_protocols(p.parent))) for p in _modules("launcher", "tui")}
    assert {_name(path): silent for path, silent in found.items() if silent} == {}


def test_every_module_says_what_it_is() -> None:
    speaking = [path for path in _modules("launcher", "tui", "styles") if path.stat().st_size]
    assert [_name(path) for path in speaking if ast.get_docstring(_tree(path)) is None] == []
