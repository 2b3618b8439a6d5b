"""Host: GPUs and ports of this machine."""
