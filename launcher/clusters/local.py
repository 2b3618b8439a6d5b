"""This machine: supervisors are detached processes, ports and GPUs are ours to choose."""

from __future__ import annotations

import os
import signal
import sys

from launcher import paths
from launcher.clusters.base import Holdings, Placement, Request
from launcher.errors import VdeckError
from launcher.host import gpus, ports
from launcher.manifest.model import Manifest
from launcher.manifest.problems import Problem
from launcher.runs import process


class LocalCluster:
    """See ``clusters.base.Cluster``."""

    name = "local"

    def check(self, manifest: Manifest) -> tuple[Problem, ...]:
        """A machine whose processes cannot be followed through /proc cannot supervise anything."""
        if sys.platform != "linux":
            return (Problem("error", f"runs need Linux, this is {sys.platform}", "use a Linux machine or WSL 2"),)
        return ()

    def place(self, request: Request, held: Holdings) -> Placement:
        """Ports by a plain bind beside the reservations of live runs; GPUs never shared unless pinned."""
        chosen, notes = self._gpus(request, held)
        return Placement(self._ports(request, held), chosen, notes)

    def _gpus(self, request: Request, held: Holdings) -> tuple[tuple[int, ...], tuple[str, ...]]:
        if request.gpus == 0:
            return (), ()
        found = gpus.allowed(gpus.read(processes=False), os.environ.get("CUDA_VISIBLE_DEVICES"))
        wanted = request.gpus if request.gpus is not None else (request.gpus_default if found else 0)
        chosen, why = gpus.assign(wanted, found, dict(held.gpus))
        if why is not None:
            fix = (
                "terminate a run that holds one, or set resources.gpus: 0 for the CPU engine"
                if found
                else "set resources.gpus: 0 to run on the CPU engine (--set resources.gpus=0)"
            )
            raise VdeckError(why, fix=fix)
        shared = [f"GPU {index} is also used by {held.gpus[index]}" for index in chosen if index in held.gpus]
        return chosen, tuple(shared)

    def _ports(self, request: Request, held: Holdings) -> tuple[int, ...]:
        fixed = {port.port for port in request.ports if port.port is not None}
        for number in sorted(fixed):
            if number in held.ports:
                raise VdeckError(
                    f"port {number} is taken by the run {held.ports[number]}",
                    fix="terminate that run, choose another port, or write `port: auto`",
                )
            if not ports.is_free(number):
                raise VdeckError(
                    f"port {number} is taken by {ports.holder(number)}",
                    fix="stop that process, choose another port, or write `port: auto`",
                )
        automatic = sum(port.port is None for port in request.ports)
        free = iter(ports.choose(set(held.ports) | fixed, count=automatic) if automatic else ())
        return tuple(port.port if port.port is not None else next(free) for port in request.ports)

    def launch(self, folder: str, mode: str) -> None:
        """A detached supervisor: own session, its own outputs in a file of the run folder."""
        argv = process.supervisor_argv(folder, mode)
        process.spawn_detached(argv, cwd=folder, log=paths.RunPaths(folder).supervisor_log)

    def wake(self, supervisor: int) -> None:
        """SIGUSR1; the supervisor reads its intent at once."""
        process.send(supervisor, signal.SIGUSR1)
