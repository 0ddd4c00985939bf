"""Randomness is a field, not a stream: `draw(seed, decision, tick, actor, index)` is a pure function of its key.

Two runs that differ in one decision share all their other luck, which is what makes paired comparisons sharp.
The generator is Philox4x64-10 (salmon2011), the same as `numpy.random.Philox`, which is its oracle in the tests.
"""

from enum import IntEnum
from math import sqrt

from numpy import uint64
from numpy.random import SeedSequence

from sim.world.arithmetic import cos_turn, log, sin_turn
from sim.world.compiled import add_words, multiply, rule, word


class Draw(IntEnum):
    """The random decisions of the model. The numbers are fixed for ever: a new decision takes a new number.

    What one actor decides at one time shares a block of four words (docs/model.md, 7): a block costs as much as a word of it.
    """

    SQUAD_EFFECT = 1
    OFFICER_DEVIATION = 2
    COMMUNITY_DUTY = 3
    OPPORTUNITY = 4
    OFFENDER_HOME = 5
    PROPENSITY = 6
    PERSON = 7
    TURNOVER = 9
    RECRUIT = 10
    PATROL = 11
    OFFEND = 12
    CANDIDATE = 13
    CRIME = 16
    REPORT = 18
    TREATMENT = 20
    STOP_COUNT = 22
    STOP = 23
    CONTACT = 25
    TELL_ENCOUNTER = 30
    TELL_CRIME = 32
    ANSWER = 33
    SURVEY_SAMPLE = 35
    RECRUIT_PASS = 36
    TRAINEE = 39
    COMMANDER = 40
    VETTING = 41
    DISMISSAL = 42
    PACE = 43
    TURN_TO_CRIME = 44
    NEW_OFFENDER = 45
    PLACE_SMOOTH = 46
    PLACE_OWN = 47
    CAREER = 51
    ENTRANT = 52
    VOICE = 53


# Who lives in a city and where: the luck of these is of the people when the city is built, and for reforms; of all others it is of the
# weeks, as is that of places which change later (docs/design/0016-two-seeds.md).
OF_PEOPLE = frozenset({
    Draw.SQUAD_EFFECT, Draw.OFFICER_DEVIATION, Draw.COMMUNITY_DUTY, Draw.OPPORTUNITY, Draw.OFFENDER_HOME, Draw.PROPENSITY, Draw.PERSON,
    Draw.NEW_OFFENDER, Draw.PLACE_SMOOTH, Draw.PLACE_OWN, Draw.CAREER,
})  # fmt: skip


MULTIPLIER_0 = 0xD2E7470EE14C6C93
MULTIPLIER_1 = 0xCA5A826395121157
WEYL_0 = 0x9E3779B97F4A7C15
WEYL_1 = 0xBB67AE8584CAA73B


@rule
def philox(c0, c1, c2, c3, k0, k1):
    """The four words of Philox4x64-10 for counter (c0, c1, c2, c3) and key (k0, k1)."""
    c0, c1, c2, c3, k0, k1 = word(c0), word(c1), word(c2), word(c3), word(k0), word(k1)
    for _ in range(10):
        (high_0, low_0), (high_1, low_1) = multiply(word(MULTIPLIER_0), c0), multiply(word(MULTIPLIER_1), c2)
        c0, c1, c2, c3 = high_1 ^ c1 ^ k0, low_1, high_0 ^ c3 ^ k1, low_0
        k0, k1 = add_words(k0, word(WEYL_0)), add_words(k1, word(WEYL_1))
    return c0, c1, c2, c3


@rule
def uniform_of(bits):
    """A word as a uniform number strictly between 0 and 1 (52 bits, so that neither end can be reached)."""
    return (float(bits >> word(12)) + 0.5) * 2.220446049250313e-16


@rule
def draw_four(seed, decision, tick, actor, index):
    """Four independent uniform numbers with the same key as `draw`, the first of which is `draw`: as cheap as one."""
    first, second, third, fourth = philox(word(index), word(actor), word(tick), word(decision), word(seed), word(0))
    return uniform_of(first), uniform_of(second), uniform_of(third), uniform_of(fourth)


@rule
def draw(seed, decision, tick, actor, index):
    """A uniform number in (0, 1): the luck of one decision.

    seed      unsigned 64-bit
    decision  a member of Draw
    tick      absolute week, spin-up included; 0 also stands for the building of the city
    actor     row of who decides
    index     which of the decision's draws
    """
    return draw_four(seed, decision, tick, actor, index)[0]


@rule
def stretched(u, chance):
    """Whether something of this chance happens, and what is left of the luck u (again uniform)."""
    return (True, u / chance) if u < chance else (False, (u - chance) / (1.0 - chance))


@rule
def normal_pair(first, second):
    """Two independent standard normal numbers made of two independent uniform ones (Box-Muller)."""
    length = sqrt(-2.0 * log(first))
    return length * cos_turn(second), length * sin_turn(second)


@rule
def draw_normal_pair(seed, decision, tick, actor, index):
    """Two independent standard normal numbers with the same key as `draw`, of the block's first two words."""
    first, second, _, _ = draw_four(seed, decision, tick, actor, index)
    return normal_pair(first, second)


@rule
def draw_normal(seed, decision, tick, actor, index):
    """A standard normal number with the same key as `draw`: the first of `draw_normal_pair`."""
    return draw_normal_pair(seed, decision, tick, actor, index)[0]


MOST_REPLICATES = 10_000  # of anything: a slip of the keyboard must not start a run of years


def replicate_seed(seed: int, replicate: int) -> int:
    """The seed of one replicate of a study; a function of the root seed and the replicate alone (63 bits)."""
    return int(SeedSequence(seed, spawn_key=(replicate,)).generate_state(1, uint64)[0] >> 1)
