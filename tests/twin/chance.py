"""Luck in plain Python whole numbers: Philox4x64-10, normals made of it, and the Poisson quantile."""

from math import cos, exp, log, pi, sin, sqrt

BITS_64 = 2**64 - 1


def philox(counter: tuple[int, int, int, int], key: tuple[int, int]) -> tuple[int, int, int, int]:
    """The four 64-bit words of the block (Salmon and others 2011, ten rounds)."""
    a, b, c, d = counter
    k, m = key
    for _ in range(10):
        left, right = 0xD2E7470EE14C6C93 * a, 0xCA5A826395121157 * c
        a, b, c, d = (right >> 64) ^ b ^ k, right & BITS_64, (left >> 64) ^ d ^ m, left & BITS_64
        k, m = (k + 0x9E3779B97F4A7C15) & BITS_64, (m + 0xBB67AE8584CAA73B) & BITS_64
    return a, b, c, d


def uniform(word: int) -> float:
    """The upper 52 bits of a word as a number strictly between 0 and 1."""
    return ((word >> 12) + 0.5) / 2**52


def word_uniform(seed: int, decision: int, tick: int, actor: int, block: int, word: int) -> float:
    """The uniform that one of the four words of a block makes."""
    return uniform(philox((block, actor, tick, decision), (seed, 0))[word])


def normal(seed: int, decision: int, tick: int, actor: int, index: int) -> float:
    """A standard normal, from the first and the second word of its block."""
    first, second, _, _ = philox((index, actor, tick, decision), (seed, 0))
    return sqrt(-2 * log(uniform(first))) * cos(2 * pi * uniform(second))


def other_normal(seed: int, decision: int, tick: int, actor: int, index: int) -> float:
    """The other standard normal that the first and the second word of a block make."""
    first, second, _, _ = philox((index, actor, tick, decision), (seed, 0))
    return sqrt(-2 * log(uniform(first))) * sin(2 * pi * uniform(second))


def poisson_quantile(mean: float, u: float, most: int = 16) -> int:
    """The smallest number whose cumulative Poisson probability exceeds u, but at most `most`."""
    probability = exp(-mean)
    cumulative, n = probability, 0
    while n < most and not cumulative > u:
        n += 1
        probability *= mean / n
        cumulative += probability
    return n
