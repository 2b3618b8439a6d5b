"""The core of vdeck: everything that is not screen. Imports no textual, no rich, and never vllm."""

__version__ = "0.1.0"
