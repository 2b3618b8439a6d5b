"""One file ready for a bug report: what is known of a run, secrets masked. Reads only; the run is left alone."""

from __future__ import annotations

import io
import os
import tarfile
import time
from collections.abc import Iterable, Iterator

from launcher.errors import UsageError, VdeckError
from launcher.runs import bundle_parts, control
from launcher.runs.bundle_parts import Part


def pack(run_id: str, path: str | None = None) -> str:
    """Write ``vdeck-<id>.tar.gz`` (or ``path``; a folder: into it) and return its absolute path. A file that is there
    is never replaced: an own name gets a number, a given one is refused. Raises VdeckError."""
    run = control.read(run_id)
    parts = list(bundle_parts.parts(run))
    name = f"vdeck-{run.id}"
    data = _archive(name, (*parts, bundle_parts.readme(run, parts)))
    for target in _targets(name, path):
        try:
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except FileExistsError:
            continue
        except OSError as error:
            raise VdeckError(
                f"{target} cannot be written: {error.strerror}", fix="name another file with -o"
            ) from error
        _write(descriptor, target, data)
        return target
    raise UsageError(f"{path} is there already", fix="remove it, or name another file with -o")


def _targets(name: str, path: str | None) -> Iterator[str]:
    """Where it may go, in the order of trying."""
    if path is not None and not os.path.isdir(path):
        yield os.path.abspath(path)
        return
    base = os.path.abspath(os.path.join(path or os.getcwd(), name))
    yield f"{base}.tar.gz"
    yield from (f"{base}-{number}.tar.gz" for number in range(2, 1000))


def _write(descriptor: int, target: str, data: bytes) -> None:
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
    except OSError as error:
        os.unlink(target)  # half an archive helps nobody
        raise VdeckError(f"{target} cannot be written: {error.strerror}", fix="free space on the disk") from error


def _archive(folder: str, parts: Iterable[Part]) -> bytes:
    out = io.BytesIO()
    now = int(time.time())
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for part in parts:
            data = part.text.encode("utf-8", "replace")
            info = tarfile.TarInfo(f"{folder}/{part.name}")
            info.size, info.mode, info.mtime = len(data), 0o600, now
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def files(path: str) -> tuple[tuple[str, int], ...]:
    """What is in an archive: (name, bytes)."""
    with tarfile.open(path) as archive:
        return tuple((member.name, member.size) for member in archive.getmembers())
