"""Tests of time on machines that have other things to do: how slow one is just now, and patience."""

import hashlib
import json
import time

LONGEST = 300.0  # seconds that a test waits for anything
KNOWN = 0.015  # seconds that the work takes on the machine for which budgets were written


def slowness() -> float:
    """How many times as long as there things take here and now, by work of a known size in this process; 1 if they do not take longer."""
    took = []
    for _ in range(5):
        begun = time.process_time()
        texts = sorted(json.dumps({"x": number, "y": [number / 7, str(number)]}) for number in range(5000))
        hashlib.sha256("".join(texts).encode()).hexdigest()
        took.append(time.process_time() - begun)
    return max(1.0, min(took) / KNOWN)


def quickest(work, budget, tries=20):
    """The least processor time that some work takes, and whether it is once below a budget in seconds times the slowness just then.

    What a busy machine does to its caches lengthens processor time too, so it is tried again while it took too long.
    """
    took = []
    for _ in range(tries):
        most, begun = budget * slowness(), time.process_time()
        work()
        took.append(time.process_time() - begun)
        if took[-1] < most:
            return min(took), True
    return min(took), False


def eventually(condition):
    """Wait until something is true, however busy the machine is."""
    deadline = time.monotonic() + LONGEST
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
