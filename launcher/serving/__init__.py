"""Serving: the OpenAI-compatible client."""
