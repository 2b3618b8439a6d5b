"""The settings of the user, by the name that the screen knows them by."""

from __future__ import annotations

from launcher.settings import read, remember

__all__ = ["read", "remember"]
