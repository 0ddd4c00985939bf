"""Trust, kept without touching those to whom nothing happens (docs/model.md, 7.8; docs/design/0021-lazy-drift.md).

What a week does to the trust of a cell's residents by itself is linear in trust and disposition, and the same for all of them. So a cell
keeps its course since trust was written down, and a citizen is read and written only when something happens to them.
"""

from sim.world.compiled import entry, piece
from sim.world.rules.encounter import Meeting
from sim.world.rules.probability import clip
from sim.world.rules.trust import change_from_contact, change_from_visit
from sim.world.state import Course, Trust

LEAST_KEPT = 2.0**-10  # below it trust is written down anew, before what is left of it becomes too small to divide by


@piece
def trust_now(dimension, citizen, cell, city):
    """A resident's trust of a dimension (0 fairness, 1 effectiveness) now."""
    trust, course = city.citizens.trust, city.cells.course
    return clip(
        course[cell, Course.KEPT] * trust[citizen, Trust.FAIRNESS + dimension]
        + course[cell, Course.DISPOSITION] * trust[citizen, Trust.FAIRNESS_DISPOSITION + dimension]
        + course[cell, Course.FAIRNESS + dimension],
        0.0, 1.0,
    )  # fmt: skip


@piece
def fairness_of(citizen, cell, city):
    """A resident's trust in fairness now."""
    return trust_now(0, citizen, cell, city)


@piece
def effectiveness_of(citizen, cell, city):
    """A resident's trust in effectiveness now."""
    return trust_now(1, citizen, cell, city)


@piece
def mean_of(dimension, cell, residents, city):
    """The residents' mean trust of a dimension (0 fairness, 1 effectiveness) now."""
    course = city.cells.course
    total = (
        course[cell, Course.KEPT] * course[cell, Course.FAIRNESS_SUM + dimension]
        + course[cell, Course.DISPOSITION] * course[cell, Course.FAIRNESS_DISPOSITION_SUM + dimension]
    )
    return total / residents + course[cell, Course.FAIRNESS + dimension]


@piece
def move(citizen, cell, fairness_change, effectiveness_change, city):
    """Change a resident's trust."""
    trust, course = city.citizens.trust, city.cells.course
    fairness, effectiveness = fairness_change / course[cell, Course.KEPT], effectiveness_change / course[cell, Course.KEPT]
    trust[citizen, Trust.FAIRNESS] += fairness
    trust[citizen, Trust.EFFECTIVENESS] += effectiveness
    course[cell, Course.FAIRNESS_SUM] += fairness
    course[cell, Course.EFFECTIVENESS_SUM] += effectiveness


@piece
def enter_change(city, cause, dimension, net, gross):
    """Book changes of trust to their cause."""
    city.ledger[cause, dimension, 0] += net
    city.ledger[cause, dimension, 1] += gross


@piece
def book(city, cause, citizen, cell, fairness_change, effectiveness_change):
    """Change a resident's trust and book the change to its cause."""
    move(citizen, cell, fairness_change, effectiveness_change, city)
    enter_change(city, cause, 0, fairness_change, abs(fairness_change))
    enter_change(city, cause, 1, effectiveness_change, abs(effectiveness_change))


@piece
def effectiveness_change(effectiveness, felt, kind, p):
    """What an encounter of a kind (Meeting) changes in effectiveness for who lives it."""
    if kind == Meeting.CONTACT:
        return change_from_visit(effectiveness, felt, p.community.effectiveness_effect)
    return change_from_contact(effectiveness, felt, p.trust.effectiveness_gain, p.trust.effectiveness_loss)


@piece
def sum_up(part, cell, city):
    """Sum a part of the residents' records."""
    total = 0.0
    for i in range(city.cells.first_resident[cell], city.cells.first_resident[cell + 1]):
        total += city.citizens.trust[i, part]
    city.cells.course[cell, Course.FAIRNESS_SUM + part] = total


@piece
def begin_course(cell, city):
    """Trust as written is trust now."""
    course = city.cells.course
    course[cell, Course.KEPT] = 1.0
    course[cell, Course.DISPOSITION] = course[cell, Course.FAIRNESS] = course[cell, Course.EFFECTIVENESS] = 0.0
    sum_up(Trust.FAIRNESS, cell, city)
    sum_up(Trust.EFFECTIVENESS, cell, city)


@piece
def write_down(cell, city):
    """Write the residents' trust down as it is now."""
    trust = city.citizens.trust
    for i in range(city.cells.first_resident[cell], city.cells.first_resident[cell + 1]):
        fairness, effectiveness = fairness_of(i, cell, city), effectiveness_of(i, cell, city)
        trust[i, Trust.FAIRNESS], trust[i, Trust.EFFECTIVENESS] = fairness, effectiveness
    begin_course(cell, city)


@entry
def fill_in(fairness, effectiveness, city):
    """Fill in everybody's trust as it is now, for those who look."""
    for c in city.rows.cells:
        for i in range(city.cells.first_resident[c], city.cells.first_resident[c + 1]):
            fairness[i], effectiveness[i] = fairness_of(i, c, city), effectiveness_of(i, c, city)


@entry
def take_back(fairness, effectiveness, city):
    """Take over what somebody has written into columns that had been filled in. Nothing written changes nothing."""
    written = False
    for c in city.rows.cells:
        for i in range(city.cells.first_resident[c], city.cells.first_resident[c + 1]):
            written |= fairness[i] != fairness_of(i, c, city) or effectiveness[i] != effectiveness_of(i, c, city)
    for c in city.rows.cells:
        if written:
            for i in range(city.cells.first_resident[c], city.cells.first_resident[c + 1]):
                city.citizens.trust[i, Trust.FAIRNESS], city.citizens.trust[i, Trust.EFFECTIVENESS] = fairness[i], effectiveness[i]
            begin_course(c, city)


@entry
def sum_up_dispositions(city):
    """Take over what somebody has written into dispositions."""
    for c in city.rows.cells:
        sum_up(Trust.FAIRNESS_DISPOSITION, c, city)
        sum_up(Trust.EFFECTIVENESS_DISPOSITION, c, city)
