"""Settings that all tests share."""

import os

import matplotlib
import pytest
from hypothesis import settings

from sim.compiled import INTERPRETED

matplotlib.use("Agg")
# No deadline: the first example may compile. Derandomized, so that a test says the same on every machine;
# HYPOTHESIS_PROFILE=explore looks further.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


def pytest_collection_modifyitems(items):
    """Tests of compiling have no object when nothing is compiled."""
    if INTERPRETED:
        skip = pytest.mark.skip(reason="needs compiled code, and NUMBA_DISABLE_JIT is set")
        for item in items:
            if item.get_closest_marker("compiled"):
                item.add_marker(skip)
