"""What the compiler makes of a block of Philox: one wide multiplication a product, and little else."""

import platform
import re
from collections import Counter

import pytest

from sim.world.compiled import INTERPRETED
from sim.world.rng import philox

PRODUCTS = 20  # two in each of ten rounds
MOST = 180  # instructions: 125 where the processor has `mulx`, 171 for any x86-64


@pytest.mark.compiled
@pytest.mark.skipif(INTERPRETED, reason="nothing is compiled")
@pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="these are the instructions of x86-64")
def test_a_product_is_one_multiplication():
    import numba

    word = numba.uint64

    @numba.njit(nogil=True, error_model="numpy", _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)
    def block(words, c0, c1, c2, c3, k0, k1):
        words[0], words[1], words[2], words[3] = philox(c0, c1, c2, c3, k0, k1)

    block.compile((word[::1], *[word] * 6))
    assembly = block.inspect_asm(block.signatures[0])
    instructions = Counter(re.findall(r"^\t([a-z]\w*)", assembly, re.MULTILINE))
    wide = instructions["mulq"] + instructions["mulxq"]
    assert wide == PRODUCTS, instructions
    assert instructions["imulq"] == 0, instructions  # the low half once more
    assert wide < instructions.total() <= MOST, instructions
