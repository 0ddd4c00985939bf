"""The police force as an organization: staff, muster, bond, forget (docs/model.md, 7.2, 7.10, 7.11)."""

from math import sqrt

from sim.world.compiled import phase, piece
from sim.world.rng import Draw, draw_four, draw_normal
from sim.world.rules.conduct import change_of_conduct, conduct_target
from sim.world.rules.probability import faded
from sim.world.state import Count

WEEKS_TO_NEXT_APPLICANT = 4


@piece
def correlated(one, other, correlation):
    """A standard normal number that correlates so with the first of two independent ones."""
    return correlation * one + sqrt(1.0 - correlation * correlation) * other


@piece
def recruit(j, city, p, clock):
    """A recruit takes a vacant row: a fresh identity in the same squad, beat and duty."""
    officers = city.officers
    squad, offset, r = officers.squad[j], p.staffing.recruit_conduct_offset, p.conduct.dials_correlation
    courtesy = draw_normal(clock.seed, Draw.RECRUIT, clock.tick, j, 0)
    honesty = correlated(courtesy, draw_normal(clock.seed, Draw.RECRUIT, clock.tick, j, 1), r)
    deviation = offset + city.squads.effect[squad] + p.conduct.officer_sd * courtesy
    honesty_deviation = offset + city.squads.honesty_effect[squad] + p.conduct.officer_sd * honesty
    officers.active[j] = 1
    officers.identity[j] += 1
    officers.complaints[j] = 0
    officers.training[j] = officers.knowledge[j] = officers.attitude[j] = 0.0
    officers.deviation[j] = deviation
    officers.conduct[j] = p.conduct.mean + deviation
    officers.honesty_deviation[j] = honesty_deviation
    officers.honesty[j] = p.conduct.honesty_mean + honesty_deviation
    city.tally[Count.RECRUITED] += 1


@phase
def staff(rows, city, p, clock):
    """Some officers leave; vacancies fill after their delay."""
    officers = city.officers
    for j in rows:
        leave, passed, _, _ = draw_four(clock.seed, Draw.TURNOVER, clock.tick, j, 0)
        if officers.active[j] == 1:
            if leave < p.staffing.turnover_rate:
                city.officers.active[j] = 0
                city.officers.vacant_weeks[j] = int(p.staffing.replacement_delay_weeks + 0.5)
                city.tally[Count.LEFT] += 1
        else:
            city.officers.vacant_weeks[j] -= 1
            if officers.vacant_weeks[j] > 0:
                continue
            if passed < p.staffing.recruit_pass_rate:
                recruit(j, city, p, clock)
            else:
                city.officers.vacant_weeks[j] = WEEKS_TO_NEXT_APPLICANT


@phase
def muster(rows, city, p, clock):
    """Each squad's courtesy and honesty, without what courses add to them, summed over its active members."""
    squads, officers = city.squads, city.officers
    for s in rows:
        city.squads.conduct_sum[s] = city.squads.honesty_sum[s] = 0.0
        city.squads.members[s] = 0
    for j in city.rows.officers:
        if officers.active[j] == 1:
            squads.conduct_sum[officers.squad[j]] += officers.conduct[j]
            squads.honesty_sum[officers.squad[j]] += officers.honesty[j]
            squads.members[officers.squad[j]] += 1


@phase
def bond(rows, city, p, clock):
    """Active officers' courtesy and honesty drift towards their squad's."""
    officers, squads = city.officers, city.squads
    for j in rows:
        if officers.active[j] == 0:
            continue
        s = officers.squad[j]
        courtesy = drawn(
            officers.conduct[j], p.conduct.mean + officers.deviation[j], squads.conduct_sum[s], squads.members[s], squads.command[s], p
        )
        command = p.training.honesty_share * squads.command[s]
        honesty = drawn(
            officers.honesty[j],
            p.conduct.honesty_mean + officers.honesty_deviation[j],
            squads.honesty_sum[s],
            squads.members[s],
            command,
            p,
        )
        city.officers.conduct[j], city.officers.honesty[j] = courtesy, honesty


@piece
def drawn(conduct, disposition, total, members, command, p):
    """An officer's courtesy or honesty after a week among the others of the squad."""
    peers = (total - conduct) / (members - 1) if members > 1 else disposition
    target = conduct_target(disposition, peers, command, p.conduct.contagion_weight)
    return conduct + change_of_conduct(conduct, target, p.conduct.contagion_rate)


@phase
def forget(rows, city, p, clock):
    """What is left of courses fades: behavior, knowledge and attitude (rows: officers)."""
    behavior = faded(1.0, p.training.half_life)
    knowledge, attitude = faded(1.0, p.training.knowledge_half_life), faded(1.0, p.training.attitude_half_life)
    for j in rows:
        city.officers.training[j] *= behavior
        city.officers.knowledge[j] *= knowledge
        city.officers.attitude[j] *= attitude


@phase
def relax(rows, city, p, clock):
    """What trained commanders added to their squads' culture fades (rows: squads)."""
    for s in rows:
        city.squads.command[s] = faded(city.squads.command[s], p.training.half_life)


@phase
def remap(rows, city, p, clock):
    """The hot-spot map fades and takes in the week's recorded crime (rows: all cells)."""
    cells = city.cells
    keep = faded(1.0, p.patrol.memory_half_life)
    running = 0.0
    for c in rows:
        cells.memory[c] = cells.memory[c] * keep + cells.recorded[c]
        running += cells.memory[c]
        cells.memory_cumulative[c] = running
        cells.recorded[c] = 0
        cells.arrests[c] = 0
