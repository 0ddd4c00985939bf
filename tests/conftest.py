"""Settings that all tests share."""

import os

# Matrices are small here: threads that wait for each other would take ten times as long on a busy machine. Before numpy is imported.
os.environ |= {name: os.environ.get(name, "1") for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")}

import matplotlib
import pytest
from hypothesis import HealthCheck, settings

from sim.world.compiled import INTERPRETED

matplotlib.use("Agg")
# No deadline: the first example may compile, and machines may be busy. Derandomized, so that a test says the same on every machine;
# HYPOTHESIS_PROFILE=explore looks further.
UNHURRIED = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("steady", **UNHURRIED, derandomize=True)
settings.register_profile("explore", **UNHURRIED, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))
# The files that take longest, the longest first, so that in the end no worker is left alone with one of them.
LONG = (
    "test_notebooks", "test_docs", "test_compiled_cache", "test_readme", "test_calibration", "test_golden_studies",
    "test_report", "test_cli_decide", "test_planning", "test_sensitivity_emulator", "test_report_decision",
    "test_cli_studies", "test_widths", "test_cli",
    "test_executors", "test_kill", "test_decision", "test_benchmarks",
)  # fmt: skip


def pytest_collection_modifyitems(items):
    """Long files come first. Tests of compiling have no object when nothing is compiled."""
    items.sort(key=lambda item: LONG.index(item.path.stem) if item.path.stem in LONG else len(LONG))
    if INTERPRETED:
        skip = pytest.mark.skip(reason="needs compiled code, and NUMBA_DISABLE_JIT is set")
        for item in items:
            if item.get_closest_marker("compiled"):
                item.add_marker(skip)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Workers take whole files, in this order: what the tests of a file share is made once, and by one of them."""
    if config.getoption("dist") != "load":  # the user wants something else
        return None
    from xdist.scheduler import LoadFileScheduling

    config.option.loadscopereorder = False
    return LoadFileScheduling(config, log)


@pytest.fixture
def clean():
    """What a test registers is gone after it; rules it cannot replace here, because the process has run cities."""
    from sim.measures import MEASURES, own
    from sim.world.reforms import REFORMS

    reforms, known = dict(REFORMS), dict(MEASURES)
    yield
    for registry, before in ((REFORMS, reforms), (MEASURES, known)):
        registry.clear()
        registry.update(before)
    assert own.texts() == {}
