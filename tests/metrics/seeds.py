"""Seeds: three fixed ones, and a fresh one on every run, part of the test's id so that a failure can be repeated."""

from __future__ import annotations

import os
import random
from typing import Final

FRESH: Final = int(os.environ.get("VDECK_TEST_SEED") or random.SystemRandom().randrange(1, 10**9))
"""Set VDECK_TEST_SEED to the number in the id of the failed test to see the same values again."""
SEEDS: Final = (1, 2, 3, FRESH)
