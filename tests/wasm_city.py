"""The module of WebAssembly in the place of what is compiled for this processor: `Simulation` as it is, each entry run by wasmtime."""

import ctypes
import struct
import sys
import time
from contextlib import contextmanager

import numpy as np
import wasmtime

from sim.web.building import MODULE, entries

PAGE = 1 << 16


class Module:
    """An instance; `seconds` is the time spent within it since it was last set."""

    def __init__(self, module: bytes):
        self.store = wasmtime.Store(wasmtime.Engine())
        made = wasmtime.Module(self.store.engine, module)
        assert made.imports == []
        self.exports = wasmtime.Instance(self.store, made, []).exports(self.store)
        self.memory, self.base = self.exports["memory"], self.exports["__heap_base"].value(self.store)
        self.seconds = 0.0

    def call(self, name, *arguments):
        """Write arguments and the arrays they name into memory, call, and take over what the arrays have become."""
        arrays = list(_arrays(arguments))
        free, places = self.base + len(b"".join(_words(arguments, iter([0] * len(arrays))))), []
        for array in arrays:
            places.append(free := -(-free // 16) * 16)
            free += array.nbytes
        if (missing := free - self.memory.data_len(self.store)) > 0:
            self.memory.grow(self.store, -(-missing // PAGE))
        start = ctypes.addressof(self.memory.data_ptr(self.store).contents)
        memory = np.frombuffer((ctypes.c_uint8 * self.memory.data_len(self.store)).from_address(start), np.uint8)
        block = b"".join(_words(arguments, iter(places)))
        memory[self.base : self.base + len(block)] = np.frombuffer(block, np.uint8)
        within = [memory[at : at + a.nbytes].view(a.dtype).reshape(a.shape) for at, a in zip(places, arrays, strict=True)]
        for inside, array in zip(within, arrays, strict=True):
            inside[...] = array
        began = time.perf_counter()
        self.exports[name](self.store, self.base)
        self.seconds += time.perf_counter() - began
        for inside, array in zip(within, arrays, strict=True):
            if array.flags.writeable:
                array[...] = inside


def _arrays(part):
    if isinstance(part, np.ndarray):
        yield part
    elif isinstance(part, tuple):
        for inner in part:
            yield from _arrays(inner)


def _words(part, places):
    """A part as `sim.world.compiled.addresses` writes it down: of an array where it lies and its shape."""
    if isinstance(part, np.ndarray):
        yield struct.pack(f"<{1 + part.ndim}Q", next(places), *part.shape)
    elif isinstance(part, tuple):
        for inner in part:
            yield from _words(inner, places)
    else:
        yield struct.pack("<d", part) if isinstance(part, float) else struct.pack("<Q", int(part) & (1 << 64) - 1)


class Entry:
    """Stands where an entry stood; `overloads` says that nothing need be compiled first."""

    overloads = True

    def __init__(self, module, name):
        self.module, self.name = module, name

    def __call__(self, *arguments):
        self.module.call(self.name, *arguments)


@contextmanager
def in_webassembly(module=None):
    """Within it, whatever calls an entry calls the module; yields it."""
    made = Module(MODULE.read_bytes() if module is None else module)
    names = [vars(part) for key, part in list(sys.modules.items()) if key.partition(".")[0] == "sim"]
    put = [(names_of, key, old) for old in entries() for names_of in names for key, value in names_of.items() if value is old]
    try:
        for names_of, key, old in put:
            names_of[key] = Entry(made, old.__name__)
        yield made
    finally:
        for names_of, key, old in put:
            names_of[key] = old
