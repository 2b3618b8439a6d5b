"""Engines: installed vLLMs, each in an environment of its own."""
