"""When requests are due. Pure."""

from __future__ import annotations

import math
import random
from itertools import accumulate


def times(count: int, rate: float, burstiness: float, rng: random.Random) -> list[float]:
    """Seconds from the begin of the run at which each of ``count`` requests is due, in order.

    Gaps are drawn from a gamma distribution with shape ``burstiness`` and mean 1/rate (a Poisson process for 1, even
    for infinity); then all are scaled so that the last request is due at count/rate, as ``vllm bench serve`` does it:
    the rate is met in every run, not only in the mean of many.
    """
    if math.isinf(rate):
        return [0.0] * count
    if math.isinf(burstiness):
        gaps = [1.0 / rate] * count
    else:
        gaps = [rng.gammavariate(burstiness, 1.0 / (rate * burstiness)) for _ in range(count)]
    due = list(accumulate(gaps))
    scale = count / rate / due[-1] if due and due[-1] > 0 else 1.0
    return [time * scale for time in due]
