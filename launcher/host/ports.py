"""TCP ports of this machine: is one free, and if not, who has it."""

from __future__ import annotations

import os
import socket
from typing import NamedTuple

FIRST_AUTO = 8100
LAST_AUTO = 8999
_LISTEN = "0A"
_TIME_WAIT = "06"


class Holder(NamedTuple):
    """The process that listens on a port, as far as /proc shows it."""

    pid: int | None
    name: str | None

    def __str__(self) -> str:
        if self.pid is None:
            return "another process"
        return f"{self.name} (pid {self.pid})"


def is_free(port: int) -> bool:
    """True when a server may take ``port`` on every address.

    A *plain* bind, without SO_REUSEADDR: a vLLM that still loads has bound the port and does not listen yet, so a
    connect is refused and a bind with SO_REUSEADDR succeeds beside it. The one thing a plain bind sees too much of is
    what a server that just ended leaves behind (TIME_WAIT); those are told apart by /proc/net/tcp.
    """
    for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::")):
        if not _binds(family, address, port, reuse=False) and not (
            _only_time_wait(port) and _binds(family, address, port, reuse=True)
        ):
            return False
    return True


def _binds(family: int, address: str, port: int, *, reuse: bool) -> bool:
    try:
        probe = socket.socket(family, socket.SOCK_STREAM)
    except OSError:  # no IPv6 on this machine
        return True
    with probe:
        if reuse:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            import errno

            return error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
    return True


def _sockets(port: int) -> list[tuple[str, str]]:
    """(state, inode) of the sockets whose local port this is."""
    found = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            with open(table) as file:
                next(file, None)
                for line in file:
                    fields = line.split()
                    if int(fields[1].rpartition(":")[2], 16) == port:
                        found.append((fields[3], fields[9]))
        except (OSError, ValueError, IndexError):
            continue
    return found


def _only_time_wait(port: int) -> bool:
    states = {state for state, _ in _sockets(port)}
    return states == {_TIME_WAIT}


def holder(port: int) -> Holder:
    """Who listens on ``port``; only processes of this user can be looked into."""
    inodes = {f"socket:[{inode}]" for state, inode in _sockets(port) if state == _LISTEN}
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if inodes else ():
        try:
            for descriptor in os.scandir(f"/proc/{pid}/fd"):
                if os.readlink(descriptor.path) in inodes:
                    with open(f"/proc/{pid}/comm") as file:
                        return Holder(pid, file.read().strip())
        except OSError:
            continue
    return Holder(None, None)


def choose(taken: set[int], *, count: int = 1) -> list[int]:
    """``count`` free ports that no run has reserved, from 8100 up, then from what the kernel offers; fewer when none is
    left."""
    found: list[int] = []
    for port in range(FIRST_AUTO, LAST_AUTO + 1):
        if len(found) == count:
            return found
        if port not in taken and is_free(port):
            found.append(port)
    while len(found) < count:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port not in taken and port not in found and is_free(port):
            found.append(port)
    return found
