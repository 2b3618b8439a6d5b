"""Manifests: YAML text in, a typed Manifest or a list of Problems out."""
