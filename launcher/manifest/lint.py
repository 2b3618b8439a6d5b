"""Rules about what a manifest means, with places, that need no machine to be judged."""

from __future__ import annotations

from launcher.manifest.args import Args
from launcher.manifest.commands import Server, servers
from launcher.manifest.credentials import is_secret
from launcher.manifest.model import Manifest, Port
from launcher.manifest.nodes import Mapping, Node, Place, Scalar, Sequence, entries_of, is_null, value_of
from launcher.manifest.sink import Sink, quote

_EVERYWHERE = frozenset(("0.0.0.0", "::", "[::]", "*", '""', "''"))
_REMOVED = {"disable-frontend-multiprocessing": "0.19"}
"""Flag -> the version of vLLM that has it no longer (it refuses to start then)."""
_KEY_FIX = "write env: {VLLM_API_KEY: {secret: VLLM_API_KEY}}, which vLLM reads as well"
_HOST_FIX = "127.0.0.1 keeps it on this machine; else set VLLM_API_KEY"


def lint(root: Mapping, manifest: Manifest, args: Args | None, lines: tuple[str, ...], sink: Sink) -> None:
    """Put what is suspicious into the sink. ``args`` are None in a manifest with ``run:``."""
    if args is not None:
        _flags(manifest, args, sink)
    commands = _commands(value_of(root, "run"))
    for index, command in enumerate(commands):
        found = list(servers(command, lines))
        for server in found:
            _server(server, manifest.ports, sink)
        if found and not found[-1].background and index + 1 < len(commands):
            what = "the commands behind this one wait until the server ends"
            sink.warning(found[-1].place, what, "end the line with & to start it in the background")
        _secrets(command, lines, sink)
    _env(value_of(root, "env"), sink)
    _low_ports(manifest.ports, value_of(root, "ports"), sink)


def _commands(run: Node | None) -> list[Scalar]:
    """The scalars that hold shell text."""
    items = run.items if isinstance(run, Sequence) else (run,)
    commands = (value_of(item, "command") if isinstance(item, Mapping) else item for item in items)
    # By identity: an alias brings the same command many times.
    return list({id(command): command for command in commands if isinstance(command, Scalar)}.values())


def _server(server: Server, ports: tuple[Port, ...], sink: Sink) -> None:
    """A ``vllm serve`` in a shell command."""
    for flag, version in _REMOVED.items():
        if server.has(flag):
            what = f"--{flag} was removed in vLLM {version}: later versions refuse to start with it"
            sink.warning(server.at(flag), what, "take it out")
    if server.has("api-key"):
        sink.warning(server.at("api-key"), "the API key is visible in the list of processes", _KEY_FIX)
    host = server.value("host")
    if host in _EVERYWHERE:
        sink.warning(server.at("host"), f"--host {host} makes the server reachable from the network", _HOST_FIX)
    elif host is None and not server.has("uds"):
        what = "vllm serve listens on every network interface when no --host is given"
        sink.note(server.place, what, "write --host 127.0.0.1 to keep it on this machine")
    if not sink.failed:  # else a port that is wrong would also count as missing
        _server_port(server, ports, sink)


def _server_port(server: Server, ports: tuple[Port, ...], sink: Sink) -> None:
    """The port that the command names must be declared: else nobody watches it."""
    if not ports:
        fix = "write ports: [{name: vllm, type: http, port: 8000}]"
        sink.warning(server.place, "vllm serve has no port declared: vdeck cannot tell when it is ready", fix)
        return
    written = server.value("port")
    numbers = {port.port for port in ports}
    if written is not None and not written.isdecimal():
        return  # a variable: the shell knows
    number = int(written[:6]) if written else 8000
    if number in numbers:
        return
    if written is None and None in numbers:
        what = "vllm serve takes port 8000 here, though ports says auto"
        sink.warning(server.place, what, "write --port $PORT")
        return
    how = "takes" if written else "takes, as no --port is given,"
    fix = f"add {{name: vllm, type: http, port: {number}}} to ports"
    sink.warning(server.at("port"), f"vllm serve {how} port {number}, which ports does not declare", fix)


def _flags(manifest: Manifest, args: Args, sink: Sink) -> None:
    """``vllm.args``."""
    version = manifest.vllm.version if manifest.vllm else None
    for flag, removed in _REMOVED.items():
        if flag in args.nodes and not _older(version, removed):
            what = f"{flag} was removed in vLLM {removed}: later versions refuse to start with it"
            sink.warning(args.nodes[flag][0], what, "take it out")
    if "host" in args.nodes and str(args.flags.get("host")) in _EVERYWHERE | {""}:
        what = f"host {quote(str(args.flags['host']))} makes the server reachable from the network"
        sink.warning(args.nodes["host"][0], what, _HOST_FIX)
    if "api-key" in args.flags:
        sink.warning(args.nodes["api-key"][0], "the API keys are visible in the list of processes", _KEY_FIX)
    if "uds" in args.flags:
        what = "with uds the server listens on no port: vdeck cannot tell when it is ready"
        sink.warning(args.nodes["uds"][0], what, "take it out")
    _memory(args, sink)
    _parallel(manifest, args, sink)


def _memory(args: Args, sink: Sink) -> None:
    value = args.flags.get("gpu-memory-utilization")
    if isinstance(value, (int, float)) and not isinstance(value, bool) and not 0 < value <= 1:
        fix = f"write {value / 100:g}" if 1 < value <= 100 else "write 0.9 for 90 %"
        at = args.nodes["gpu-memory-utilization"][1]
        sink.error(at, f"gpu-memory-utilization is a fraction between 0 and 1, not {value:g}", fix)


def _parallel(manifest: Manifest, args: Args, sink: Sink) -> None:
    """More ranks than GPUs: vLLM would say so only after its imports, half a minute later."""
    gpus = manifest.resources.gpus
    count = len(gpus) if isinstance(gpus, tuple) else gpus
    sizes = {name: args.flags.get(name, 1) for name in ("tensor-parallel-size", "pipeline-parallel-size")}
    if not count or any(isinstance(size, bool) or not isinstance(size, int) for size in sizes.values()):
        return
    needed = sizes["tensor-parallel-size"] * sizes["pipeline-parallel-size"]
    # Several nodes bring GPUs of their own.
    if needed > count and "nnodes" not in args.flags:
        name = next(name for name in sizes if name in args.nodes)
        what = f"{needed} GPUs are needed for {' and '.join(name for name in sizes if name in args.nodes)}"
        have = "is 1" if count == 1 else f"are {count}"
        sink.warning(args.nodes[name][1], f"{what}, and resources.gpus {have}", f"write resources: {{gpus: {needed}}}")


def _older(version: str | None, than: str) -> bool:
    """``version`` is known and lies before ``than``."""
    if version is None:
        return False
    parts = [int(part) if part.isdecimal() else 0 for part in version.split("+")[0].split(".")[:2]]
    return parts < [int(part) for part in than.split(".")]


def _secrets(command: Scalar, lines: tuple[str, ...], sink: Sink) -> None:
    """Tokens in clear in a shell command: they end up in the list of processes and in records."""
    if not is_secret(command.text):
        return
    fix = "put it into env as {secret: NAME} and write $NAME in the command"
    first, last = command.place.line, command.last_line
    numbers = range(first, min(last, len(lines)) + 1) if first and last else ()
    number = next((number for number in numbers if is_secret(lines[number - 1])), None)
    place = command.place if number is None else Place(number, None)
    sink.warning(place, "a token is written in clear in a command", fix)


def _env(env: Node | None, sink: Sink) -> None:
    """A variable in a value: no shell reads ``env:``."""
    for key, value in entries_of(env):
        text = value if isinstance(value, Scalar) else value_of(value, "value")
        if not isinstance(text, Scalar) or is_null(text) or text.text in (f"${key.text}", f"${{{key.text}}}"):
            continue
        if text.text.startswith("${") and text.text.endswith("}"):
            sink.warning(text, f"env.{key.text} is passed on as written: no shell reads it", "write the value out")


def _low_ports(ports: tuple[Port, ...], node: Node | None, sink: Sink) -> None:
    for port in ports:
        if port.port is not None and port.port < 1024:
            place = Place(port.line) if port.line else node
            what = f"port {port.port} is below 1024: only root may listen there"
            sink.warning(place, what, "take a higher one or auto")
