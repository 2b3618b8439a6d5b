"""The vLLM servers that run on this machine, whoever started them: read from /proc, nobody is asked or touched."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

DEFAULT_PORT = 8000
"""Where ``vllm serve`` listens when nobody says otherwise."""
_LISTEN = "0A"
_MODULE = re.compile(r"vllm[./]entrypoints[./](?:openai[./]api_server|api_server|cli[./]main)(?:\.py)?$")
_TITLE = re.compile(r"VLLM::APIServer")
_ANY = ("0.0.0.0", "::")


class Asked(NamedTuple):
    """What a command line says of a server. None: it does not say."""

    port: int | None = None
    model: str | None = None
    tls: bool = False


class Server(NamedTuple):
    """``url`` None: it runs in a container, and nothing here tells where its port is published."""

    pid: int
    port: int
    url: str | None
    model: str | None = None


class Socket(NamedTuple):
    address: str
    port: int


def of_command(argv: Sequence[str]) -> Asked | None:
    """What a process serves, by its command line; None when it is no API server of vLLM. A title that vLLM has written
    over its command line (``VLLM::APIServer_0``) says no more than that it is one."""
    if argv and _TITLE.match(argv[0]):
        return Asked()
    for index, word in enumerate(argv[:6]):  # the interpreter and its options, then the program
        if os.path.basename(word) == "vllm" and argv[index + 1 : index + 2] == ["serve"]:
            return _asked(argv[index + 2 :])
        if _MODULE.search(word):
            rest = argv[index + 1 :]
            return _asked(rest[1:] if rest[:1] == ["serve"] else rest)
    return None


def _asked(words: Sequence[str]) -> Asked:
    model = words[0] if words and not words[0].startswith("-") else _value(words, "--model", "--model-tag")
    served = _value(words, "--served-model-name")
    port = _value(words, "--port")
    tls = _value(words, "--ssl-certfile", "--ssl-keyfile") is not None
    return Asked(int(port) if port is not None and port.isdecimal() else None, served or model, tls)


def _value(words: Sequence[str], *names: str) -> str | None:
    """The value of an option: ``--x v``, ``--x=v``, underscores as good as dashes; the last one counts."""
    found = None
    for index, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name.replace("_", "-") in names:
            following = words[index + 1] if index + 1 < len(words) else None
            found = value if equals else following
    return found


def listening(table: str) -> dict[str, Socket]:
    """Inode -> local address, of the sockets in a ``/proc/net/tcp`` or ``tcp6`` that listen."""
    found = {}
    for line in table.splitlines()[1:]:
        fields = line.split()
        try:
            host, _, port = fields[1].partition(":")
            if fields[3] == _LISTEN:
                found[fields[9]] = Socket(_address(host), int(port, 16))
        except (IndexError, ValueError):
            continue
    return found


def _address(text: str) -> str:
    """The kernel's hexadecimal form of an address: 32-bit words, each in the byte order of this machine."""
    import socket
    import sys

    words = [bytes.fromhex(text[at : at + 8]) for at in range(0, len(text), 8)]
    raw = b"".join(word[::-1] if sys.byteorder == "little" else word for word in words)
    if raw[:12] == b"\0" * 10 + b"\xff\xff":
        raw = raw[12:]
    return socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw)


def published(commands: Iterable[Sequence[str]]) -> dict[int, Socket]:
    """Container port -> where it is reached on this machine, by the command lines of Docker's port proxies. A port that
    several containers have is left out: the proxy of which one is ours cannot be told."""
    found: dict[int, list[Socket]] = {}
    for argv in commands:
        if argv and os.path.basename(argv[0]) == "docker-proxy":
            inside, outside = _value(argv, "-container-port"), _value(argv, "-host-port")
            if inside and outside and inside.isdecimal() and outside.isdecimal():
                found.setdefault(int(inside), []).append(Socket(_value(argv, "-host-ip") or _ANY[0], int(outside)))
    # a proxy each for IPv4 and IPv6 is one port still
    return {port: places[0] for port, places in found.items() if len({place.port for place in places}) == 1}


def url_of(place: Socket, *, tls: bool) -> str:
    """The base URL of what listens there, as it is asked from this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "127.0.0.1"}.get(place.address, place.address)
    return f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{place.port}"


def find() -> tuple[Server, ...]:
    """All that can be seen, by port, each once. A server that still loads does not listen and is not among them. Of
    other users' processes the command line is known, their sockets are not: their port is taken from it."""
    commands = _commands()
    own = _namespace("self")
    here = _listening("self")
    outside = published(commands.values())
    found: dict[tuple[str | None, int], Server] = {}
    for pid, argv in sorted(commands.items()):
        asked = of_command(argv)
        if asked is None:
            continue
        server = _inside(pid, asked, outside) if _namespace(pid) not in (None, own) else _beside(pid, asked, here)
        if server is None:
            continue
        known = found.get((server.url, server.port))
        if known is None or known.model is None:  # several API servers of one port: the one that names the model
            found[server.url, server.port] = server
    return tuple(sorted(found.values(), key=lambda server: server.port))


def _beside(pid: int, asked: Asked, here: Mapping[str, Socket]) -> Server | None:
    """A server in our own network."""
    own = _sockets(pid)
    wanted = asked.port or DEFAULT_PORT
    places = [place for inode, place in here.items() if own is None or inode in own]
    if own is None:
        places = [place for place in places if place.port == wanted]
    if not places:
        return None
    place = min(places, key=lambda place: (place.port != wanted, place.port))
    return Server(pid, place.port, url_of(place, tls=asked.tls), asked.model)


def _inside(pid: int, asked: Asked, outside: Mapping[int, Socket]) -> Server | None:
    """A server in a container's network."""
    own = _sockets(pid) or set()
    ports = [place.port for inode, place in _listening(pid).items() if inode in own]
    port = asked.port or (min(ports) if ports else DEFAULT_PORT)
    if ports and port not in ports:
        return None
    place = outside.get(port)
    return Server(pid, port, None if place is None else url_of(place, tls=asked.tls), asked.model)


def _commands() -> dict[int, list[str]]:
    found = {}
    for name in os.listdir("/proc"):
        if name.isdecimal():
            try:
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    raw = file.read(65536)
            except OSError:
                continue
            if b"vllm" in raw.lower() or b"docker-proxy" in raw:
                found[int(name)] = raw.decode("utf-8", "replace").rstrip("\0").split("\0")
    return found


def _namespace(pid: int | str) -> str | None:
    """The network namespace of a process; None when it may not be known (another user's)."""
    try:
        return os.readlink(f"/proc/{pid}/ns/net")
    except OSError:
        return None


def _listening(pid: int | str) -> dict[str, Socket]:
    found: dict[str, Socket] = {}
    for table in ("tcp", "tcp6"):
        try:
            with open(f"/proc/{pid}/net/{table}") as file:
                found.update(listening(file.read()))
        except OSError:
            continue
    return found


def _sockets(pid: int) -> set[str] | None:
    """The inodes of the sockets that a process has open; None when that may not be known."""
    found = set()
    try:
        for entry in os.scandir(f"/proc/{pid}/fd"):
            try:
                target = os.readlink(entry.path)
            except OSError:
                continue
            if target.startswith("socket:["):
                found.add(target[8:-1])
    except OSError:
        return None
    return found
