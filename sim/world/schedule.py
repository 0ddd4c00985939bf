"""What happens in a week, in which order. `week` is the model; everything printed about the order is read from it."""

from sim.world.compiled import entry, phase
from sim.world.crime import learn, offend, report, respond, workload
from sim.world.force import bond, forget, muster, relax, remap, staff
from sim.world.observe import answer_survey, observe
from sim.world.state import Clock
from sim.world.streets import contact, patrol, presence, stop
from sim.world.talk import climate, settle, tell, tell_crime

# Sums over cells, squads and the city are phases of their own, which the model runs whole; the others may be split by row.
# The process of docs/model.md to which a phase belongs, where its name differs.
PROCESS_OF = {
    "presence": "patrol", "workload": "respond", "contact": "stop", "tell_crime": "tell", "climate": "settle",
    "muster": "bond", "relax": "forget", "remap": "forget",
}  # fmt: skip


@phase
def week(city, p, clock):
    """One week of the city; intervene has already acted, between compiled stretches."""
    rows = city.rows
    staff(rows.officers, city, p, clock)
    patrol(rows.officers, city, p, clock)
    presence(rows.cells, city, p, clock)
    offend(rows.offenders, city, p, clock)
    report(rows.crimes, city, p, clock)
    workload(rows.officers, city, p, clock)
    respond(rows.crimes, city, p, clock)
    stop(rows.officers, city, p, clock)
    contact(rows.officers, city, p, clock)
    tell(rows.encounters, city, p, clock)
    tell_crime(rows.crimes, city, p, clock)
    climate(rows.cells, city, p, clock)
    settle(rows.citizens, city, p, clock)
    learn(rows.offenders, city, p, clock)
    muster(rows.squads, city, p, clock)
    bond(rows.officers, city, p, clock)
    forget(rows.officers, city, p, clock)
    relax(rows.squads, city, p, clock)
    remap(rows.cells, city, p, clock)
    observe(rows.citizens, city, p, clock)


@entry
def advance(weeks, city, p, clock):
    """Run so many weeks from the clock's tick on, without touching Python."""
    for n in range(weeks):
        week(city, p, Clock(clock.seed, clock.tick + n))


@entry
def perform(number, rows, city, p, clock):
    """Run one phase of `week`, by its place in it, for some rows: the verb of an agent."""
    if number == 0:
        staff(rows, city, p, clock)
    elif number == 1:
        patrol(rows, city, p, clock)
    elif number == 2:
        presence(rows, city, p, clock)
    elif number == 3:
        offend(rows, city, p, clock)
    elif number == 4:
        report(rows, city, p, clock)
    elif number == 5:
        workload(rows, city, p, clock)
    elif number == 6:
        respond(rows, city, p, clock)
    elif number == 7:
        stop(rows, city, p, clock)
    elif number == 8:
        contact(rows, city, p, clock)
    elif number == 9:
        tell(rows, city, p, clock)
    elif number == 10:
        tell_crime(rows, city, p, clock)
    elif number == 11:
        climate(rows, city, p, clock)
    elif number == 12:
        settle(rows, city, p, clock)
    elif number == 13:
        learn(rows, city, p, clock)
    elif number == 14:
        muster(rows, city, p, clock)
    elif number == 15:
        bond(rows, city, p, clock)
    elif number == 16:
        forget(rows, city, p, clock)
    elif number == 17:
        relax(rows, city, p, clock)
    elif number == 18:
        remap(rows, city, p, clock)
    elif number == 19:
        observe(rows, city, p, clock)


@entry
def ask(rows, answers, scale, unsafe, city, p, clock):
    """Fill in these citizens' answers to the survey."""
    answer_survey(rows, answers, scale, unsafe, city, p, clock)
