"""Keyed random numbers against numpy's Philox, statistics, and the same bits compiled and interpreted."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sim.world import rng
from sim.world.compiled import source
from sim.world.rng import OF_PEOPLE, Draw, draw, draw_four, draw_normal, draw_normal_pair, philox, replicate_seed, uniform_of

WORDS = st.integers(0, 2**64 - 1)
# The numbers are part of every result there is: a decision keeps its number, and nobody gets that of a decision that is gone.
FROZEN = {
    "SQUAD_EFFECT": 1, "OFFICER_DEVIATION": 2, "COMMUNITY_DUTY": 3, "OPPORTUNITY": 4, "OFFENDER_HOME": 5, "PROPENSITY": 6,
    "PERSON": 7, "TURNOVER": 9, "RECRUIT": 10, "PATROL": 11, "OFFEND": 12, "CANDIDATE": 13, "CRIME": 16, "REPORT": 18, "TREATMENT": 20,
    "STOP_COUNT": 22, "STOP": 23, "CONTACT": 25, "TELL_ENCOUNTER": 30, "TELL_CRIME": 32, "ANSWER": 33, "SURVEY_SAMPLE": 35,
    "RECRUIT_PASS": 36, "TRAINEE": 39, "COMMANDER": 40, "VETTING": 41, "DISMISSAL": 42, "PACE": 43, "TURN_TO_CRIME": 44,
    "NEW_OFFENDER": 45, "PLACE_SMOOTH": 46, "PLACE_OWN": 47, "CAREER": 51, "ENTRANT": 52, "VOICE": 53,
}  # fmt: skip
# What these decided are words of another block by now.
RETIRED = {8, 14, 15, 17, 19, 21, 24, 26, 27, 28, 29, 31, 34, 37, 38, 48, 49, 50, 54}
KEYS = [(0, 0, 0, 0, 0), (1, 7, 0, 123_456, 1), (20160901, 23, 5200, 9_999_999, 31), (2**64 - 1, 36, 2**31, 2**31 - 1, 2**40)]


def words_of_numpy(counter, key):
    """The block for a counter of four words; numpy adds one to its counter before it makes a block."""
    before = (sum(word << (64 * place) for place, word in enumerate(counter)) - 1) % 2**256
    limbs = np.array([(before >> (64 * place)) % 2**64 for place in range(4)], dtype=np.uint64)
    return np.random.Philox(counter=limbs, key=np.array(key, dtype=np.uint64)).random_raw(4).tolist()


@given(st.tuples(WORDS, WORDS, WORDS, WORDS), st.tuples(WORDS, WORDS))
def test_philox_is_numpys(counter, key):
    words = philox(*(np.uint64(w) for w in counter), *(np.uint64(w) for w in key))
    assert len(words) >= 2
    assert [int(w) for w in words] == words_of_numpy(counter, key)[: len(words)]


@pytest.mark.parametrize("key", KEYS)
def test_draws_are_made_from_the_block_of_their_key(key):
    seed, decision, tick, actor, index = key
    first, second, _, _ = words_of_numpy((index, actor, tick, decision), (seed, 0))
    u1, u2 = (((bits >> 12) + 0.5) * 2.0**-52 for bits in (first, second))
    assert draw(np.uint64(seed), *key[1:]) == u1
    assert draw_normal(np.uint64(seed), *key[1:]) == pytest.approx(np.sqrt(-2 * np.log(u1)) * np.cos(2 * np.pi * u2), rel=1e-14, abs=0)


@pytest.mark.parametrize("key", KEYS)
def test_four_draws_are_the_four_words_of_the_block(key):
    seed, decision, tick, actor, index = key
    four = draw_four(np.uint64(seed), *key[1:])
    assert list(four) == [((bits >> 12) + 0.5) * 2.0**-52 for bits in words_of_numpy((index, actor, tick, decision), (seed, 0))]
    assert four[0] == draw(np.uint64(seed), *key[1:])


@pytest.mark.parametrize("bits", [0, 1, 4095, 4096, 2**63, 2**64 - 4097, 2**64 - 1])
def test_uniforms_reach_neither_end(bits):
    u = uniform_of(np.uint64(bits))
    assert 0.0 < u < 1.0
    assert u == ((bits >> 12) + 0.5) / 2**52
    assert np.isfinite(np.sqrt(-2 * np.log(u)))


@given(WORDS)
def test_uniforms_lie_between_0_and_1(bits):
    assert 0.0 < uniform_of(np.uint64(bits)) < 1.0


def column(function, *, seed=1, decision=Draw.STOP, tick=0, actor=0, index=0, n=20_000):
    """Draws along the one part of the key that is given as None."""
    return np.array([function(*(row if part is None else int(part) for part in (seed, decision, tick, actor, index))) for row in range(n)])


@pytest.mark.parametrize("along", ["seed", "tick", "actor", "index"])
def test_uniforms_are_uniform_along_every_part_of_the_key(along):
    sample = column(draw, **{along: None})
    assert stats.kstest(sample, "uniform").pvalue > 0.001
    assert stats.chisquare(np.histogram(sample, 100, (0, 1))[0]).pvalue > 0.001


@pytest.mark.parametrize("along", ["seed", "tick", "actor", "index"])
def test_normals_are_normal_along_every_part_of_the_key(along):
    sample = column(draw_normal, **{along: None})
    n = len(sample)
    assert abs(sample.mean()) < 4 / n**0.5
    assert abs(sample.var() - 1) < 4 * (2 / n) ** 0.5
    assert abs(stats.skew(sample)) < 4 * (6 / n) ** 0.5
    assert abs(stats.kurtosis(sample)) < 4 * (24 / n) ** 0.5
    assert stats.kstest(sample, "norm").pvalue > 0.001


def test_a_pair_of_normals_is_the_normal_and_one_that_is_independent_of_it():
    pairs = np.array([draw_normal_pair(1, int(Draw.PERSON), 0, row, 0) for row in range(20_000)])
    assert np.array_equal(pairs[:, 0], column(draw_normal, decision=Draw.PERSON, actor=None))
    assert stats.kstest(pairs[:, 1], "norm").pvalue > 0.001
    assert abs(np.corrcoef(pairs.T)[0, 1]) < 4 / len(pairs) ** 0.5
    assert abs(np.corrcoef(pairs.T**2)[0, 1]) < 4 / len(pairs) ** 0.5


@pytest.mark.parametrize("neighbor", [{"seed": 2}, {"decision": Draw.STOP + 1}, {"tick": 1}, {"index": 1}])
def test_neighbors_are_independent(neighbor):
    here, there = column(draw, actor=None), column(draw, actor=None, **neighbor)
    assert abs(np.corrcoef(here, there)[0, 1]) < 4 / len(here) ** 0.5
    joint = np.histogram2d(here, there, 10, ((0, 1), (0, 1)))[0]
    assert stats.chisquare(joint.ravel()).pvalue > 0.001


def test_rows_in_a_row_are_independent():
    sample = column(draw, actor=None)
    for lag in (1, 2, 32):
        assert abs(np.corrcoef(sample[:-lag], sample[lag:])[0, 1]) < 4 / len(sample) ** 0.5


def test_the_numbers_of_decisions_are_frozen():
    assert {name: int(member) for name, member in Draw.__members__.items()} == FROZEN  # aliases would show here
    assert sorted([*FROZEN.values(), *RETIRED]) == list(range(1, len(FROZEN) + len(RETIRED) + 1))


def test_replicate_seeds_are_distinct_and_fit_everywhere():
    seeds = [replicate_seed(root, replicate) for root in range(20) for replicate in range(100)]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert replicate_seed(1, 3) == replicate_seed(1, 3)


def test_the_source_of_a_compiled_function_is_the_same_text():
    assert source(draw).__name__ == "draw" and source(draw).__module__ == "sim.world.rng"
    assert draw.__doc__ == source(rng.draw).__doc__


HEX = """
import numpy as np
from sim.world.rng import draw, draw_normal
for key in {keys}:
    print(draw(np.uint64(key[0]), *key[1:]).hex(), draw_normal(np.uint64(key[0]), *key[1:]).hex())
"""


@pytest.mark.compiled
def test_compiled_equals_interpreted_bit_for_bit():
    keys = [*KEYS, *((seed, 12, seed * 7, seed * 1013, seed % 5) for seed in range(300))]
    here = [f"{draw(np.uint64(k[0]), *k[1:]).hex()} {draw_normal(np.uint64(k[0]), *k[1:]).hex()}" for k in keys]
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(Path(rng.__file__).parents[2])}
    command = [sys.executable, "-c", HEX.format(keys=keys)]
    there = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split("\n")
    assert there[:-1] == here


def drawn_in(*modules: str) -> set[Draw]:
    """The decisions that these modules of sim.world name."""
    folder = Path(rng.__file__).parent
    trees = [node for name in modules for node in ast.walk(ast.parse((folder / f"{name}.py").read_text(encoding="utf-8")))]
    return {Draw[node.attr] for node in trees if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "Draw"}


def test_the_building_of_a_city_draws_what_is_of_the_people_and_the_weeks_draw_the_rest():
    built, later = drawn_in("population"), drawn_in("careers", "crime", "force", "observe", "offend", "streets", "survey", "talk")
    places = drawn_in("places")  # of the people when the city is built, of the weeks when places change
    reforms = drawn_in(*(f"reforms/{path.stem}" for path in (Path(rng.__file__).parent / "reforms").glob("*.py")))
    assert built | places == OF_PEOPLE - {Draw.NEW_OFFENDER} and not later & OF_PEOPLE
    assert reforms & OF_PEOPLE == {Draw.COMMUNITY_DUTY, Draw.NEW_OFFENDER, Draw.CAREER}
    assert built | places | later | reforms | {Draw.VOICE} == set(Draw)
