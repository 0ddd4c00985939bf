"""Columns of a store as arrays that are read when somebody looks at them and forgotten afterwards, so that many runs need little memory."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from xarray.backends import BackendArray
from xarray.core.indexing import IndexingSupport, LazilyIndexedArray, explicit_indexing_adapter

LITTLE = 256_000_000  # bytes of a dataset that is read at once


class Stored(BackendArray):
    """One column: its shape and type, and how it is read."""

    def __init__(self, read: Callable[[], np.ndarray], shape: tuple[int, ...], dtype: Any):
        self.read, self.shape, self.dtype = read, shape, np.dtype(dtype)

    def __getitem__(self, key: Any) -> Any:
        return explicit_indexing_adapter(key, self.shape, IndexingSupport.BASIC, lambda plain: self.read()[plain])


def lazy(read: Callable[[str], np.ndarray], like: Mapping[str, np.ndarray], *lead: int) -> dict[str, Any]:
    """Columns by name.

    read   what is in a column, whole
    like   one run's value of each column
    lead   the lengths of the dimensions before its own
    """
    return {
        name: LazilyIndexedArray(Stored(partial(read, name), (*lead, *np.shape(one)), np.asarray(one).dtype)) for name, one in like.items()
    }
