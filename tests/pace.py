"""How slow the machine is just now, so that budgets of processor time hold on any: by work of a known size in the same process."""

import hashlib
import json
import time

KNOWN = 0.015  # seconds that the work takes on the machine for which budgets were written


def slowness() -> float:
    """How many times as long as there things take here and now; 1 if they do not take longer."""
    took = []
    for _ in range(5):
        begun = time.process_time()
        texts = sorted(json.dumps({"x": number, "y": [number / 7, str(number)]}) for number in range(5000))
        hashlib.sha256("".join(texts).encode()).hexdigest()
        took.append(time.process_time() - begun)
    return max(1.0, min(took) / KNOWN)
