"""One thread for matrices: those here are small, and threads that share two of them wait for each other at ten times the price."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Made = TypeVar("Made")


def single_threaded(work: Callable[Given, Made]) -> Callable[Given, Made]:
    """The same function with one BLAS thread. Only libraries that are loaded can be told, so SciPy's is loaded first."""

    @wraps(work)
    def alone(*given: Given.args, **named: Given.kwargs) -> Made:
        import scipy.linalg  # noqa: F401  # here, because it takes long to import
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1, user_api="blas"):
            return work(*given, **named)

    return alone
