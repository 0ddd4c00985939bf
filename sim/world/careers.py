"""Offenders' lives: they enter, age out, and others take their rows (docs/model.md, 7.2)."""

from sim.world.arithmetic import exp
from sim.world.compiled import phase, piece
from sim.world.place import first_above
from sim.world.rng import Draw, draw, draw_normal
from sim.world.rules.offending import career_weeks
from sim.world.state import LAST_TICK, NEVER, Count


@piece
def weeks_of_career(u, p):
    """Weeks until somebody has aged out; for ever in a closed pool."""
    return career_weeks(u, p.offending.exit_rate) if p.offending.exit_rate > 0.0 else LAST_TICK


@piece
def propensity_of(normal, p):
    """Crimes a week without deterrence: very unequal."""
    return exp(p.offending.propensity_log_mean + p.offending.propensity_log_sd * normal)


@piece
def home_of_offender(u, city):
    """A cell, the likelier the harder the place."""
    homes = city.cells.homes_cumulative
    last = len(homes) - 1
    return first_above(homes, 0, last, u * homes[last])


@piece
def enter(k, city, p, clock):
    """Somebody young takes the row of who has aged out."""
    offenders, seed, tick = city.offenders, clock.seed, clock.tick
    home = home_of_offender(draw(seed, Draw.ENTRANT, tick, k, 0), city)
    offenders.home[k] = offenders.cell[k] = home
    offenders.propensity[k] = propensity_of(draw_normal(seed, Draw.ENTRANT, tick, k, 1), p)
    offenders.perceived_risk[k] = p.deterrence.prior_risk
    offenders.jail_weeks[k] = 0
    offenders.program[k] = 0.0
    offenders.entered[k] = tick
    offenders.leaves[k] = min(tick + 1 + weeks_of_career(draw(seed, Draw.ENTRANT, tick, k, 2), p), LAST_TICK)
    offenders.identity[k] += 1
    offenders.last_arrest[k], offenders.arrest_conduct[k] = NEVER, 0


@phase
def age(rows, city, p, clock):
    """Offenders who have aged out leave; others enter, but for officers who turned to crime."""
    offenders = city.offenders
    for k in rows:
        if offenders.leaves[k] > clock.tick:
            continue
        if offenders.origin[k] == 0:
            enter(k, city, p, clock)
            city.tally[Count.AGED_OUT] += 1
        elif offenders.propensity[k] != 0.0:
            city.offenders.propensity[k] = city.offenders.program[k] = 0.0
            # Neither a sentence nor an arrest is left to who comes next.
            city.offenders.jail_weeks[k], city.offenders.leaves[k] = 0, LAST_TICK
            city.offenders.last_arrest[k], city.offenders.arrest_conduct[k] = NEVER, 0
            city.tally[Count.AGED_OUT] += 1
