"""Who offends, where and against whom (docs/model.md, 7.4): in steps, each for many offenders, and those who go on are moved up."""

from sim.world.compiled import fetch, phase, piece
from sim.world.place import cell_near, choose_homes, exposed_resident, place_of
from sim.world.rng import Draw, draw_four, normal_pair, stretched
from sim.world.rules.offending import crime_probability, loss, undeterred, unhindered
from sim.world.rules.trust import change_from_victimization
from sim.world.state import BATCH, TOGETHER, Cause, Count
from sim.world.trusting import book, effectiveness_of


@piece
def turn_page(city, clock):
    """Last week's crimes are taken off the docket, and their rows emptied."""
    crimes, docket = city.crimes, city.docket
    if docket.page[1] == clock.tick:
        return
    for k in docket.rows[: docket.page[0]]:
        crimes.victim[k], crimes.loss[k] = -1, 0.0
        crimes.cell[k] = crimes.serious[k] = crimes.reported[k] = crimes.hearing[k] = crimes.filed[k] = 0
        crimes.well_treated[k] = crimes.solved[k] = 0
    docket.page[0], docket.page[1] = 0, clock.tick


@piece
def put_on_docket(k, city):
    """Note that there is a crime in this row; rows stay in ascending order whoever acts first."""
    docket = city.docket
    n = docket.page[0]
    while n > 0 and docket.rows[n - 1] > k:
        docket.rows[n] = docket.rows[n - 1]
        n -= 1
    docket.rows[n] = k
    docket.page[0] += 1


@piece
def tempted(rows, city, p, clock):
    """Note those who would offend if nothing stood in the way, with their luck, and say how many they are."""
    offenders, scratch = city.offenders, city.scratch
    count, group, luck = 0, -1, scratch.luck[0]
    for k in rows:
        if offenders.propensity[k] == 0.0:  # room for an officer who turns to crime
            city.offenders.jail_weeks[k] -= int(offenders.jail_weeks[k] > 0)
            continue
        if k // 4 != group:  # four neighbors share a block
            group = k // 4
            luck[0], luck[1], luck[2], luck[3] = draw_four(clock.seed, Draw.OFFEND, clock.tick, group, 0)
        free = offenders.jail_weeks[k] == 0
        city.offenders.jail_weeks[k] -= int(not free)
        city.offenders.cell[k] = offenders.home[k] if free else offenders.cell[k]
        propensity = offenders.propensity[k] * (1.0 - offenders.program[k])
        scratch.rows[count], scratch.whether[count] = k, luck[k % 4]
        scratch.drive[count], scratch.risk[count] = propensity, offenders.perceived_risk[k]
        count += int(free and luck[k % 4] < propensity)  # 1 - exp(-x) < x: most are settled without an exponential
    return count


@piece
def keep(n, count, city):
    """Move an offender up among those who go on."""
    scratch = city.scratch
    scratch.rows[count], scratch.cells[count] = scratch.rows[n], scratch.cells[n]
    scratch.whether[count], scratch.drive[count] = scratch.whether[n], scratch.drive[n]


@piece
def undeterred_among(count, city, p):
    """Keep those who may offend somewhere: nowhere is the probability higher, so the others need not search this week."""
    scratch = city.scratch
    going = 0
    for n in range(count):
        scratch.drive[n] = undeterred(scratch.drive[n], scratch.risk[n], p.offending.risk_slope)
        scratch.chance[n] = crime_probability(scratch.drive[n], 1.0)
    for n in range(count):
        keep(n, going, city)
        going += int(scratch.whether[n] < scratch.chance[n])
    return going


@piece
def look_round(first, count, city, p, clock):
    """Note the cells near home that some offenders look at, all of them one after the other. A word of luck is enough for three."""
    scratch, search, candidates, words = city.scratch, city.search, int(p.offending.candidates), 0
    while 3 * words < candidates:
        for n in range(count):
            luck = draw_four(clock.seed, Draw.CANDIDATE, clock.tick, scratch.rows[first + n], words // 4)
            search.rest[words, n], search.rest[words + 1, n], search.rest[words + 2, n], search.rest[words + 3, n] = luck
        words += 4
    for n in range(count):
        scratch.across[n], scratch.down[n] = place_of(city.offenders.home[scratch.rows[first + n]], city.grid)
    for begin in range(0, candidates, words):
        for word in range(min(words, candidates - begin)):
            for n in range(count):
                search.cells[begin + word, n], search.rest[word, n] = cell_near(
                    (scratch.across[n], scratch.down[n]), search.rest[word, n], int(p.offending.search_radius), city.grid
                )


@piece
def choose_place(first, count, city, p, clock):
    """The cell each of some offenders goes to: one of some near home, in proportion to attraction."""
    scratch, search, candidates = city.scratch, city.search, int(p.offending.candidates)
    look_round(first, count, city, p, clock)
    for n in range(count):
        luck = draw_four(clock.seed, Draw.CRIME, clock.tick, scratch.rows[first + n], 0)
        scratch.chance[n], scratch.luck[first + n, 1], scratch.luck[first + n, 2], scratch.luck[first + n, 3] = luck
        scratch.running[n] = 0.0
    for m in range(candidates):
        for n in range(count):
            scratch.running[n] += city.cells.attraction[search.cells[m, n]]
            search.sums[m, n] = scratch.running[n]
    for n in range(count):
        scratch.chance[n] *= scratch.running[n]
        scratch.passed[n] = 0
    for m in range(candidates):
        for n in range(count):  # counted, because nobody can foresee where a search would end
            scratch.passed[n] += int(search.sums[m, n] <= scratch.chance[n])
    for n in range(count):
        scratch.cells[first + n] = search.cells[min(scratch.passed[n], candidates - 1), n]


@piece
def unhindered_among(count, city, p):
    """Keep those who offend where they have gone."""
    scratch, cells, offending = city.scratch, city.cells, p.offending
    acting = 0
    for n in range(count):
        scratch.officers[n], scratch.climate[n] = cells.officers[scratch.cells[n]], cells.climate[scratch.cells[n]]
    for n in range(count):
        left = unhindered(scratch.officers[n], scratch.climate[n], offending.presence_weight, offending.control_slope)
        scratch.chance[n] = crime_probability(scratch.drive[n], left)
    for n in range(count):
        city.offenders.cell[scratch.rows[n]] = scratch.cells[n]
        keep(n, acting, city)
        for word in range(1, 4):
            scratch.luck[acting, word] = scratch.luck[n, word]
        acting += int(scratch.whether[n] < scratch.chance[n])
    return acting


@piece
def find_scenes(count, city, p):
    """Whether crimes are serious, and where their victims live."""
    scratch, cells, offending = city.scratch, city.cells, p.offending
    for n in range(count):
        serious, left = stretched(scratch.luck[n, 1], offending.serious_share)
        scratch.both[n], scratch.whether[n] = int(serious), left
    choose_homes(count, offending.ambient_share, city.citizens.exposure_cumulative, cells.exposure_cumulative, cells.exposure_guide, city)


@piece
def reckon_losses(count, city, p):
    """What crimes cost their victims, in thousand pesos."""
    scratch, offending = city.scratch, p.offending
    for n in range(count):
        scratch.drive[n], _ = normal_pair(scratch.luck[n, 2], scratch.luck[n, 3])
    for n in range(count):
        median = offending.serious_loss_median if scratch.both[n] else offending.minor_loss_median
        scratch.loss[n] = loss(median, offending.loss_log_sd, scratch.drive[n])


@piece
def commit(n, city):
    """A crime happens to somebody, in proportion to exposure."""
    scratch, crimes = city.scratch, city.crimes
    k, cell, serious = scratch.rows[n], scratch.cells[n], scratch.both[n]
    put_on_docket(k, city)
    victim = exposed_resident(scratch.homes[n], scratch.whether[n], city.citizens.exposure_cumulative, city)
    crimes.victim[k], crimes.cell[k] = victim, cell
    crimes.serious[k], crimes.loss[k] = serious, scratch.loss[n]
    fetch(city.cells.course, scratch.homes[n])
    fetch(city.citizens.trust, victim)
    fetch(city.citizens.last_victimized, victim)
    city.cells.crimes[cell] += 1
    city.tally[Count.CRIMES] += 1
    city.tally[Count.SERIOUS] += serious


@piece
def suffer(n, city, p, clock):
    """What a crime costs its victim's trust."""
    victim, home = city.crimes.victim[city.scratch.rows[n]], city.scratch.homes[n]
    change = change_from_victimization(effectiveness_of(victim, home, city), p.trust.victimization_loss)
    book(city, Cause.VICTIMIZATION, victim, home, 0.0, change)
    city.citizens.last_victimized[victim] = clock.tick


@phase
def offend(rows, city, p, clock):
    """Free offenders look for a place and may offend there."""
    turn_page(city, clock)
    for first in range(0, len(rows), BATCH):  # step by step, and those who go on are moved up: few branches that nobody can foresee
        count = tempted(rows[first : first + BATCH], city, p, clock)
        count = undeterred_among(count, city, p)
        for some in range(0, count, TOGETHER):
            choose_place(some, min(count - some, TOGETHER), city, p, clock)
        count = unhindered_among(count, city, p)
        find_scenes(count, city, p)
        reckon_losses(count, city, p)
        for n in range(count):
            commit(n, city)
        for n in range(count):  # apart, because the trust of many victims is fetched at once
            suffer(n, city, p, clock)
