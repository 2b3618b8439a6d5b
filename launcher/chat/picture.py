"""Pictures for a prompt: a path or URL as the content part of a message."""

from __future__ import annotations

import base64
import os
from typing import Any
from urllib.parse import unquote, urlsplit

from launcher.errors import VdeckError
from launcher.text import clean_line, shorten

LARGEST = 20 * 1024 * 1024
_ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff")


def part(picture: str) -> dict[str, Any]:
    """``{"type": "image_url", …}`` of a URL (sent as it is: the server fetches it) or of a file (its bytes go along).

    Raises VdeckError when the file cannot be read, is too large or is no picture.
    """
    url = picture if is_url(picture) else data_url(picture)
    return {"type": "image_url", "image_url": {"url": url}}


def is_url(text: str) -> bool:
    """A web address, or a picture that is written out as a ``data:`` URL."""
    return text.startswith(("http://", "https://", "data:image/"))


def data_url(path: str) -> str:
    """The file as a ``data:`` URL (RFC 2397), its kind found by its first bytes. Raises VdeckError."""
    where = resolve(path)
    said = shorten(clean_line(where), 200)
    try:
        descriptor = os.open(where, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            raw = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "the name has a zero byte"
        raise VdeckError(f"cannot read the picture {said}: {why}", fix="give the path of a file, or a URL") from error
    if len(raw) > LARGEST:
        raise VdeckError(f"{said} is larger than {LARGEST // 2**20} MB", fix="make it smaller, or give a URL")
    kind = kind_of(raw)
    if kind is None:
        raise VdeckError(f"{said} is no picture", fix="PNG, JPEG, GIF, WebP, BMP and TIFF can be sent")
    return f"data:image/{kind};base64,{base64.b64encode(raw).decode()}"


def kind_of(raw: bytes) -> str | None:
    """``png``, ``jpeg``, ``gif``, ``webp``, ``bmp``, ``tiff`` by the first bytes; None: no picture that is known."""
    if raw.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if raw.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if raw.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if raw[:4] == b"RIFF" and raw[8:12] == b"WEBP":
        return "webp"
    if raw.startswith(b"BM") and len(raw) > 26:
        return "bmp"
    return "tiff" if raw.startswith((b"II*\x00", b"MM\x00*")) else None


def resolve(text: str) -> str:
    """The absolute path that a typed or pasted text means: quotes, ``file://``, escaped blanks and ``~`` are undone."""
    found = text.strip()
    if len(found) > 1 and found[0] == found[-1] and found[0] in "'\"":
        found = found[1:-1]
    if found.startswith("file://"):
        found = unquote(urlsplit(found).path)
    elif "\\ " in found:
        found = found.replace("\\ ", " ")
    return os.path.abspath(os.path.expanduser(found))


def looks_like_picture(text: str) -> bool:
    """Whether a pasted text is the path or URL of a picture and nothing else (whether the file exists is not asked)."""
    found = text.strip()
    if not found or "\n" in found or len(found) > 4096:
        return False
    if found.startswith(("http://", "https://")):
        return " " not in found and urlsplit(found).path.lower().endswith(_ENDINGS)
    bare = found.strip("'\"")
    rooted = bare.startswith(("/", "~/", "./", "../", "file://"))
    return rooted and bare.lower().endswith(_ENDINGS)
