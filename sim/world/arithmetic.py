"""Exponential, logarithm, cosine and sine in plain arithmetic: the same bits on every machine, and loops over them run in vectors.

A platform's own `exp` differs from the next one's in the last bit, and a city that differs in one bit differs in everything a year
later. Here every result is made of sums, products and one quotient of doubles, which IEEE 754 rounds alike everywhere, and of the bits
of exponents. No choice is a branch, so that compilers can put many arguments side by side. Interpreted and compiled text give the same
bits. Errors are at most 1 ulp (docs/design/0019-the-same-bits.md says what was measured).

Method: range reduction with ln 2 and 2 pi in two parts each (Cody and Waite, Software Manual for the Elementary Functions, 1980);
polynomials summed in Estrin's order, so that terms do not wait for each other; the last sums arranged as in fdlibm (Ng, 1993), so that
only the last rounds in the result's own last place.
"""

from math import inf, nan

import numpy as np

from sim.world.compiled import add_words, bits_of, double, entry, from_bits, multiply_low, rule, word

LN2_HIGH, LN2_LOW = float.fromhex("0x1.62e42fefa3000p-1"), float.fromhex("0x1.3de6af278ece6p-42")  # the first has 41 bits: times k exact
TURN_HIGH, TURN_LOW = float.fromhex("0x1.921fb50000000p+2"), float.fromhex("0x1.110b4611a6263p-24")  # 2 pi; the first has 25 bits
TURN, LOG2_E = TURN_HIGH + TURN_LOW, float.fromhex("0x1.71547652b82fep+0")
TO_INTEGER = 1.5 * 2.0**52  # added and taken away again it rounds to an integer, which stands in the last bits of the sum
TO_28_BITS = 1.5 * 2.0**24  # the same: rounds to a multiple of 2^-28
EXPONENT, FRACTION = 1 << 52, (1 << 52) - 1  # one in the exponent; the bits below it
ONE, HALVED_ROOT, TWO_52 = 0x3FF0000000000000, 0x3FE6A09E667F3BCD, 0x4330000000000000  # bits of 1, of the root of 1/2, of 2^52
SMALLEST, LARGEST = 2.0**-1022, float.fromhex("0x1.fffffffffffffp+1023")  # of normal numbers
UNDERFLOW, OVERFLOW = -746.0, 710.0  # of the exponential

# Polynomials of least greatest error, found by Remez's exchange with 50 digits; a test holds each against its series.
E3, E4, E5 = 0.16666666666666685, 0.04166666666660264, 0.008333333333313927  # (e^r - 1 - r - r^2/2) / r^3, |r| <= ln 2 / 2
E6, E7, E8 = 0.0013888888927336047, 0.0001984126990491148, 2.4801507999777598e-05
E9, E10, E11 = 2.755722607757125e-06, 2.7625459054730915e-07, 2.511509674568625e-08
L3, L5, L7, L9 = 0.6666666666666734, 0.3999999999941469, 0.2857142874238511, 0.22222198573351984  # (2 artanh(s) / s - 2) / s^2,
L11, L13, L15 = 0.18183564320816845, 0.1531405062349036, 0.1479594947850022  # by s^2, |s| <= 3 - 2 sqrt 2
S3, S5, S7 = -0.166666666666666, 0.008333333333316473, -0.00019841269825928226  # (sin t - t) / t^3, by t^2, |t| <= pi / 4
S9, S11, S13 = 2.7557312542841116e-06, -2.5050599946535223e-08, 1.5888569395623032e-10
C4, C6, C8 = 0.0416666666666666, -0.0013888888888874131, 2.4801587289487073e-05  # (cos t - 1 + t^2/2) / t^4, by t^2, |t| <= pi / 4
C10, C12, C14 = -2.7557314353806936e-07, 2.0875723481389044e-09, -1.1359658960080918e-11


@rule
def power_of_two(n):
    """Two to the power of an integer between -1022 and 1023, which is a word that may have wrapped round."""
    return from_bits(add_words(word(ONE), multiply_low(n, word(EXPONENT))))


@rule
def exp(x):
    """The exponential of a number.

    Above 709.78: inf. Below -745.13: 0. Not a number: not a number.

    >>> exp(0.0), exp(1.0), exp(710.0), exp(-750.0)
    (1.0, 2.718281828459045, inf, 0.0)
    """
    x = double(x)
    whole, half = x * LOG2_E + TO_INTEGER, x * (0.5 * LOG2_E) + TO_INTEGER
    k = whole - TO_INTEGER
    high, low = x - k * LN2_HIGH, k * LN2_LOW
    r = high - low
    r2 = r * r
    r4 = r2 * r2
    near = r2 * ((0.5 + r * E3) + r2 * (E4 + r * E5)) - low
    far = (r4 * r2) * ((E6 + r * E7) + (r2 * (E8 + r * E9) + r4 * (E10 + r * E11)))
    value = 1.0 + (high + (near + far))
    # In two steps, of which neither leaves the normal numbers.
    n, m = bits_of(whole) - bits_of(TO_INTEGER), bits_of(half) - bits_of(TO_INTEGER)
    value = value * power_of_two(m) * power_of_two(n - m)
    value = inf if x > OVERFLOW else value
    return 0.0 if x < UNDERFLOW else value


@rule
def log(x):
    """The natural logarithm of a number.

    Of 0 and of subnormal numbers: -inf. Below 0 and of what is not a number: not a number. Of inf: inf.

    >>> log(1.0), log(2.0), log(0.0), log(-1.0)
    (0.0, 0.6931471805599453, -inf, nan)
    """
    x = double(x)
    shifted = add_words(bits_of(x), word(ONE - HALVED_ROOT))
    k = from_bits((shifted >> word(52)) | word(TWO_52)) - (2.0**52 + 1023.0)
    f = from_bits(add_words(shifted & word(FRACTION), word(HALVED_ROOT))) - 1.0  # x is 2^k (1 + f), 1 + f between roots of 1/2 and of 2
    s = f / (2.0 + f)
    z = s * s
    z2 = z * z
    near = (L3 + z * L5) + z2 * (L7 + z * L9)
    far = (z2 * z2) * ((L11 + z * L13) + z2 * L15)
    halved = 0.5 * f * f
    value = k * LN2_HIGH - ((halved - ((s * halved + k * LN2_LOW) + (s * z) * (near + far))) - f)
    value = value if x >= SMALLEST else (-inf if x >= 0.0 else nan)
    return x if x > LARGEST else value


@rule
def quarters(turns):
    """The nearest quarter of a turn as a word, and the sine and cosine of what is beyond it (at most an eighth of a turn)."""
    turns = double(turns)
    nearest = 4.0 * turns + TO_INTEGER
    f = turns - 0.25 * (nearest - TO_INTEGER)
    f_high = (f + TO_28_BITS) - TO_28_BITS
    high, low = f_high * TURN_HIGH, (f - f_high) * TURN + f_high * TURN_LOW  # the first product is exact
    t = high + low
    lost = (high - t) + low
    z = t * t
    z2 = z * z
    z4 = z2 * z2
    odd = (S3 + z * S5) + (z2 * (S7 + z * S9) + z4 * (S11 + z * S13))
    even = (C4 + z * C6) + (z2 * (C8 + z * C10) + z4 * (C12 + z * C14))
    halved = 0.5 * z
    cosine = 1.0 - halved
    return bits_of(nearest), high + (low + t * z * odd), cosine + (((1.0 - cosine) - halved) + (z2 * even - t * lost))


@rule
def cos_turn(u):
    """The cosine of 2 pi u: of a share of a turn, 0 to 1. Errors are at most 2^-53 (1 ulp of results above 1/2).

    >>> cos_turn(0.0), cos_turn(0.25), cos_turn(0.5)
    (1.0, 0.0, -1.0)
    """
    quarter, sine, cosine = quarters(u)
    value = sine if quarter & word(1) else cosine
    return 0.0 - value if add_words(quarter, word(1)) & word(2) else value


@rule
def sin_turn(u):
    """The sine of 2 pi u: of a share of a turn, 0 to 1. Errors are at most 2^-53 (1 ulp of results above 1/2).

    >>> sin_turn(0.0), sin_turn(0.25), sin_turn(0.75)
    (0.0, 1.0, -1.0)
    """
    quarter, sine, cosine = quarters(u)
    value = cosine if quarter & word(1) else sine
    return 0.0 - value if quarter & word(2) else value


@entry
def fill_exps(out, values):
    """The exponential of each value."""
    for n in range(len(values)):
        out[n] = exp(values[n])


def exps(values: np.ndarray) -> np.ndarray:
    """The exponential of each of some numbers (float64, as long as values)."""
    out: np.ndarray = np.empty(len(values))
    fill_exps(out, np.asarray(values, float))
    return out
