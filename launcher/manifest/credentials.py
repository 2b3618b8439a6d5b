"""Which texts are secrets, and which only hold the place of one."""

from __future__ import annotations

import re

_SECRET_WORDS = frozenset(
    ["token", "secret", "password", "passwd", "pwd", "apikey", "credential", "credentials", "passphrase"]
)
_KEY_KINDS = frozenset(["api", "access", "private", "secret", "auth", "encryption", "signing", "license"])
# EOS_TOKEN and the like name a token of a text, not of an account.
_TEXT_TOKENS = frozenset(
    ["eos", "bos", "pad", "unk", "sep", "stop", "mask", "cls", "max", "min", "num", "per", "special"]
)
_VALUES = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"hf_[A-Za-z0-9]{16,}|sk-[A-Za-z0-9_-]{16,}|gh[opsu]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,}|glpat-[A-Za-z0-9_-]{16,}"
    r"|AKIA[A-Z0-9]{16}|nvapi-[A-Za-z0-9_-]{20,}|xox[abpr]-[A-Za-z0-9-]{16,}|AIza[A-Za-z0-9_-]{30,}"
    r")"
)
_DUMMIES = frozenset(["", "-", "na", "n/a", "none", "empty", "dummy", "fake", "test", "unused", "not-needed", "0", "1"])
_PLACEHOLDER = re.compile(
    r"<[^<>]*>|<<[^<>]*>>|\{[^{}]*\}|\{\{.*\}\}|\[[a-z _-]*(?:token|key|secret)[a-z _-]*\]"
    r"|(?:your|insert|enter|replace)[ _-].*|.*[ _-]here|change[ _-]?me|to[ _-]?do|fixme|placeholder"
    r"|(?:hf_|sk-)?[x*.]{3,}|(?:hf|sk|nvapi)[_-]?(?:\.{2,}|…|x{3,}|\*+)",
    re.IGNORECASE,
)


def names_secret(name: str) -> bool:
    """The name of an environment variable or flag says that its value is secret: HF_TOKEN, WANDB_KEY, api-key."""
    words = [word for word in re.split(r"[^a-z0-9]+", name.lower()) if word]
    for before, word in zip(["", *words], words):
        if word in _SECRET_WORDS and before not in _TEXT_TOKENS:
            return True
        if word == "key" and before in _KEY_KINDS:
            return True
    return len(words) > 1 and words[-1] == "key"


def is_secret(text: str) -> bool:
    """The text has the form of a token that a known service gives out."""
    return _VALUES.search(text) is not None


def has_password(url: str) -> bool:
    """The URL carries a user name with a password or token: ``https://user:word@host``."""
    host = url.split("://", 1)[-1].split("/", 1)[0]
    user, at, _ = host.rpartition("@")
    return "://" in url and bool(at) and (":" in user or is_secret(user))


def is_dummy(text: str) -> bool:
    """What people write where a client insists on a key and the server does not ask for one: ``EMPTY``, ``na``."""
    return text.strip().lower() in _DUMMIES


def is_placeholder(name: str, value: str) -> bool:
    """``HF_TOKEN: HF_TOKEN``, ``<your token>``, ``{YOUR_KEY}``: somebody has yet to write the value.

    A word such as ``your-...`` or ``xxx`` counts only for a variable that is secret by name: elsewhere it may be meant.
    """
    text = value.strip()
    if text in (name, f"${name}", f"${{{name}}}"):
        return True
    if re.fullmatch(r"<[A-Za-z _-]+>|<<[A-Za-z _-]+>>|\{\{[^{}]*\}\}|\{[A-Z_]+\}|YOUR[_-][A-Z0-9_-]+", text):
        return True
    return names_secret(name) and _PLACEHOLDER.fullmatch(text) is not None
