"""Logs: tail, lines, phases, redaction."""
