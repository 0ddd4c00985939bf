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


def uniforms(seed: int, decision: int, tick: int, actor: int, index: int) -> list[float]:
    """The uniforms that the four words of a block make: `u0` to `u3` of the text."""
    return [uniform(word) for word in philox((index, actor, tick, decision), (seed, 0))]


def normals(seed: int, decision: int, tick: int, actor: int, index: int) -> list[float]:
    """The four standard normals of a block: a pair of its first two words, and a pair of the other two."""
    u, pairs = uniforms(seed, decision, tick, actor, index), []
    for u1, u2 in (u[:2], u[2:]):
        pairs += [sqrt(-2 * log(u1)) * cos(2 * pi * u2), sqrt(-2 * log(u1)) * sin(2 * pi * u2)]
    return pairs


def stretched(u: float, chance: float) -> tuple[bool, float]:
    """Whether something of this chance happens, and the uniform that is left to say which."""
    return (True, u / chance) if u < chance else (False, (u - chance) / (1 - chance))


def poisson_quantile(mean: float, u: float, most: int = 16) -> int:
    """The smallest number whose cumulative Poisson probability exceeds u, but at most `most`."""
    probability = exp(-mean)
    cumulative, n = probability, 0
    while n < most and not cumulative > u:
        n += 1
        probability *= mean / n
        cumulative += probability
    return n
