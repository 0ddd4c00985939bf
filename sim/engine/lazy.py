"""Columns of a store as arrays that are read when somebody looks at them and forgotten afterwards, so that many runs need little memory."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from xarray.backends import BackendArray
from xarray.core.indexing import IndexingSupport, LazilyIndexedArray, explicit_indexing_adapter


class Stored(BackendArray):
    """One column: how some of its rows are read, which row stands where, and what is in a row."""

    def __init__(self, read: Callable[[np.ndarray], np.ndarray], order: np.ndarray, like: np.ndarray):
        self.read, self.order = read, order
        self.shape, self.dtype = (*order.shape, *np.shape(like)), np.asarray(like).dtype

    def __getitem__(self, key: Any) -> Any:
        return explicit_indexing_adapter(key, self.shape, IndexingSupport.BASIC, self._read)

    def _read(self, key: tuple[Any, ...]) -> np.ndarray:
        """What an index of numbers and slices takes: only the rows that it asks for are read."""
        many = self.order.ndim
        rows = np.asarray(self.order[key[:many]])
        values = self.read(rows.ravel()) if rows.size else np.empty((0, *self.shape[many:]), self.dtype)
        return values.reshape(*rows.shape, *values.shape[1:])[(slice(None),) * rows.ndim + tuple(key[many:])]


def lazy(read: Callable[[str, np.ndarray], np.ndarray], order: np.ndarray, like: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Columns by name.

    read   what is in some rows of a column
    order  the row of each run, along the dimensions of runs
    like   one run's value of each column
    """
    return {name: LazilyIndexedArray(Stored(partial(read, name), order, value)) for name, value in like.items()}
