"""Elementary functions against 80-bit and 50-digit oracles; their bits, speed and limits; and nobody else's in what decides a city."""

import ast
import math
import os
import subprocess
import sys
import time
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
import pytest

from sim.world import arithmetic
from sim.world.arithmetic import cos_turn, exp, exps, log, sin_turn
from sim.world.compiled import INTERPRETED, entry

WORLD = Path(arithmetic.__file__).parent
MANY = 20_000 if INTERPRETED else 10_000_000
HALF = 0.5  # cosines and sines are judged by the last place of results above it: near their zeros by the absolute error


@entry
def fill_logs(out, values):
    for n in range(len(values)):
        out[n] = log(values[n])


@entry
def fill_cosines(out, values):
    for n in range(len(values)):
        out[n] = cos_turn(values[n])


@entry
def fill_sines(out, values):
    for n in range(len(values)):
        out[n] = sin_turn(values[n])


def filled(fill, values):
    out = np.empty(len(values))
    fill(out, values)
    return out


def of_a_turn(values, ahead):
    """Sines of shares of a turn in 80 bits; ahead: quarters of a turn to go on (1: cosines). Whole quarters are taken off exactly."""
    quarter = np.rint(4 * values)
    rest = (values - quarter / 4) * (8 * np.arctan(np.longdouble(1)))
    sine, cosine = np.sin(rest), np.cos(rest)
    return np.choose((quarter.astype(np.int8) + ahead) % 4, [sine, cosine, -sine, -cosine])


def uniform(low, high, many=MANY):
    return np.random.default_rng(1).uniform(low, high, many)


def of_all_sizes(many=MANY):
    """Positive normal numbers of every exponent."""
    return np.random.default_rng(1).integers(1 << 52, 0x7FF << 52, many, dtype=np.int64).view(float)


def ulps(ours, true, least=0.0):
    """Errors in units of the last place of correctly rounded results (of `least`, where results are nearer to 0)."""
    return np.abs(ours.astype(np.longdouble) - true) / np.spacing(np.maximum(np.abs(true.astype(float)), least))


@pytest.mark.skipif(np.finfo(np.longdouble).nmant < 63, reason="the oracle is a platform's 80-bit numbers")
@pytest.mark.parametrize(
    ("ours", "true", "values", "least"),
    [
        (exps, np.exp, partial(uniform, -745.0, 709.7), 0.0),
        (exps, np.exp, partial(uniform, -1.0, 1.0), 0.0),
        (partial(filled, fill_logs), np.log, of_all_sizes, 0.0),
        (partial(filled, fill_logs), np.log, partial(uniform, 0.5, 2.0), 0.0),
        (partial(filled, fill_logs), np.log, partial(uniform, 0.0, 1.0), 0.0),
        (partial(filled, fill_cosines), partial(of_a_turn, ahead=1), partial(uniform, 0.0, 1.0), HALF),
        (partial(filled, fill_sines), partial(of_a_turn, ahead=0), partial(uniform, 0.0, 1.0), HALF),
    ],
    ids=["exp", "exp near 0", "log", "log near 1", "log of luck", "cos_turn", "sin_turn"],
)
def test_errors_are_below_one_last_place_on_ten_million_arguments(ours, true, values, least):
    worst = 0.0
    for part in np.array_split(values(), max(1, MANY // 1_000_000)):
        worst = max(worst, float(ulps(ours(part), true(part.astype(np.longdouble)), least).max()))
    assert 0.4 < worst < 1.0


def sine_of(turns):
    """The sine of a share of a turn: a series of 50 digits."""
    x = Decimal(turns.numerator) / turns.denominator * 2 * Decimal("3.14159265358979323846264338327950288419716939937510582097494459")
    term, total = x, x
    for n in range(1, 40):
        term *= -x * x / ((2 * n) * (2 * n + 1))
        total += term
    return total


@pytest.mark.parametrize(
    ("ours", "true", "values", "least"),
    [
        (exp, lambda x: Decimal(x).exp(), uniform(-708.0, 709.7, 1000), 0.0),
        (log, lambda x: Decimal(x).ln(), np.concatenate([of_all_sizes(500), uniform(0.9, 1.1, 500)]), 0.0),
        (sin_turn, lambda u: sine_of(Fraction(u)), uniform(0.0, 1.0, 1000), HALF),
        (cos_turn, lambda u: sine_of(Fraction(u) + Fraction(1, 4)), uniform(0.0, 1.0, 1000), HALF),
    ],
    ids=["exp", "log", "sin_turn", "cos_turn"],
)
def test_errors_against_fifty_digits(ours, true, values, least):
    with localcontext(prec=50):
        for x in values.tolist():
            expected = true(x)
            assert abs(Decimal(ours(x)) - expected) <= Decimal(math.ulp(max(abs(float(expected)), least)))


def value_of(coefficients, x):
    total = Fraction(0)
    for coefficient in reversed(coefficients):
        total = total * x + Fraction(coefficient)
    return total


def named(letter, step):
    return [getattr(arithmetic, f"{letter}{n}") for n in range(*step) if hasattr(arithmetic, f"{letter}{n}")]


@pytest.mark.parametrize(
    ("polynomial", "true", "low", "high", "power", "bits"),
    [
        (named("E", (3, 12)), [Fraction(1, math.factorial(n)) for n in range(3, 40)], -0.3466, 0.3466, 3, 57),
        (named("L", (3, 16, 2)), [Fraction(2, n) for n in range(3, 81, 2)], 0.0, 0.02944, 1, 57),
        (named("S", (3, 14, 2)), [Fraction((-1) ** (n // 2), math.factorial(n)) for n in range(3, 40, 2)], 0.0, 0.6169, 1, 56),
        (named("C", (4, 15, 2)), [Fraction((-1) ** (n // 2), math.factorial(n)) for n in range(4, 40, 2)], 0.0, 0.6169, 2, 59),
    ],
    ids=["exp", "log", "sine", "cosine"],
)
def test_polynomials_are_as_near_to_their_series_as_said(polynomial, true, low, high, power, bits):
    assert len(polynomial) >= 6
    for x in np.linspace(low, high, 101).tolist():
        x = Fraction(x)
        assert abs(x**power * (value_of(polynomial, x) - value_of(true, x))) < Fraction(1, 2**bits)


def test_limits():
    assert exp(709.7) < math.inf == exp(709.79) == exp(1e300) == exp(math.inf)
    assert exp(-745.1) == 5e-324 and exp(-745.2) == exp(-1e300) == exp(-math.inf) == 0.0
    assert exp(0.0) == exp(-0.0) == exp(5e-324) == 1.0
    assert log(0.0) == log(5e-324) == -math.inf and log(math.inf) == math.inf and math.copysign(1.0, log(1.0)) == 1.0
    assert all(math.isnan(f(math.nan)) for f in (exp, log, cos_turn, sin_turn)) and math.isnan(log(-1.0)) and math.isnan(log(-math.inf))
    assert [cos_turn(n / 4) for n in range(5)] == [1.0, 0.0, -1.0, 0.0, 1.0]
    assert [sin_turn(n / 4) for n in range(5)] == [0.0, 1.0, 0.0, -1.0, 0.0]


def test_single_precision_and_integers_are_taken_in_double_precision():
    x = np.float32(0.3)
    for function in (exp, log, cos_turn, sin_turn):
        assert function(x) == function(float(x)) != function(0.3)
        assert function(2) == function(2.0)


SAME = """
from hashlib import sha256
import numpy as np
from sim.world.arithmetic import cos_turn, exp, log, sin_turn
rng = np.random.default_rng(3)
arguments = {exp: rng.uniform(-750, 712, 3000), log: 2.0 ** rng.uniform(-1074, 1023, 3000)}
arguments |= {cos_turn: rng.random(3000), sin_turn: rng.random(3000)}
bits = np.array([f(x) for f, values in arguments.items() for x in [0.0, 1.0, np.inf, np.nan, *values]])
bits[np.isnan(bits)] = np.nan
print(sha256(bits).hexdigest(), bits.sum())
"""


def test_interpreted_and_compiled_give_the_same_bits():
    def printed(**environment):
        done = subprocess.run([sys.executable, "-c", SAME], capture_output=True, text=True, env={**os.environ, **environment}, check=True)
        return done.stdout

    assert printed(NUMBA_DISABLE_JIT="0") == printed(NUMBA_DISABLE_JIT="1") == printed(NUMBA_DISABLE_JIT="0", NUMBA_CPU_NAME="generic")


@entry
def fill_exps_of_the_platform(out, values):
    for n in range(len(values)):
        out[n] = math.exp(values[n])


@entry
def fill_logs_of_the_platform(out, values):
    for n in range(len(values)):
        out[n] = math.log(values[n])


@pytest.mark.skipif(INTERPRETED, reason="speed is of what is compiled")
@pytest.mark.parametrize(("ours", "theirs"), [(arithmetic.fill_exps, fill_exps_of_the_platform), (fill_logs, fill_logs_of_the_platform)])
def test_loops_run_in_vectors(ours, theirs):
    values = uniform(0.0, 1.0, 1_000_000)
    out = np.empty_like(values)

    def seconds(fill):
        begun = time.process_time()
        fill(out, values)
        return time.process_time() - begun

    seconds(ours), seconds(theirs)
    assert median(seconds(theirs) / seconds(ours) for _ in range(9)) > 2.0


# IEEE 754 rounds these alike everywhere, or they only choose.
OF_MATH = {"ceil", "floor", "inf", "isfinite", "isnan", "nan", "sqrt"}
OF_NUMPY = {
    "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "logaddexp", "power", "float_power", "cbrt", "hypot",
    "sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "arctan2",
    "dot", "vdot", "inner", "matmul", "einsum", "tensordot", "convolve", "correlate", "linalg", "fft",
}  # fmt: skip


def platforms_own(text):
    """What a text calls that a platform may round in a way of its own: elementary functions, powers, products of matrices."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in ("math", "cmath", "scipy"))
        elif isinstance(node, ast.ImportFrom) and node.module in ("math", "cmath", "numpy"):
            allowed = OF_MATH if node.module == "math" else {"uint64"}
            yield from (alias.name for alias in node.names if alias.name not in allowed)
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("np", "numpy", "np.linalg"):
            yield from [node.attr] if node.attr in OF_NUMPY else []
        elif isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in ("pow", "dot"):
            yield ast.unparse(node)
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.MatMult | ast.Pow):
            power = getattr(node, "right", getattr(node, "value", None))
            whole = isinstance(node.op, ast.Pow) and ast.unparse(power).lstrip("-").isdigit()
            yield from [] if whole else [ast.unparse(node)]


def test_nothing_that_decides_a_city_is_rounded_by_the_platform():
    found = {path.relative_to(WORLD).as_posix(): list(platforms_own(path.read_text(encoding="utf-8"))) for path in WORLD.rglob("*.py")}
    assert len(found) >= 40
    assert {path: names for path, names in found.items() if names} == {}


def test_what_a_platform_rounds_is_seen():
    for text in (
        "import math",
        "from math import exp",
        "np.log(x)",
        "x ** 0.5",
        "x **= y",
        "pow(x, 2)",
        "a @ b",
        "np.linalg.norm(x)",
        "a.dot(b)",
    ):
        assert list(platforms_own(text)), text
    assert list(platforms_own("from math import sqrt\nx ** 2 + y * 2.0**-53")) == []
