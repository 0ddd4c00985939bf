"""What happens in a week, in which order. `run_phase` is the model; everything printed about the order is read from it."""

from sim.world.careers import age
from sim.world.compiled import entry, piece
from sim.world.crime import learn, report, respond, workload
from sim.world.force import bond, forget, muster, relax, remap, staff
from sim.world.observe import observe
from sim.world.offend import offend
from sim.world.places import drift
from sim.world.state import Clock, Rows
from sim.world.streets import contact, patrol, presence, stop
from sim.world.talk import settle, tell, tell_crime

PHASES = 21
# Sums over cells, squads and the city are phases of their own, which the model runs whole; the others may be split by row.
# The process of docs/model.md to which a phase belongs, where its name differs.
PROCESS_OF = {
    "drift": "age", "presence": "patrol", "workload": "respond", "contact": "stop", "tell_crime": "tell",
    "muster": "bond", "relax": "forget", "remap": "forget",
}  # fmt: skip


@piece
def run_phase(number, rows, city, p, clock):
    """One phase of the week, by its place, for these rows of each table."""
    if number == 0:
        staff(rows.officers, city, p, clock)
    elif number == 1:
        age(rows.offenders, city, p, clock)
    elif number == 2:
        drift(rows.cells, city, p, clock)
    elif number == 3:
        patrol(rows.officers, city, p, clock)
    elif number == 4:
        presence(rows.cells, city, p, clock)
    elif number == 5:
        offend(rows.offenders, city, p, clock)
    elif number == 6:
        report(rows.crimes, city, p, clock)
    elif number == 7:
        workload(rows.officers, city, p, clock)
    elif number == 8:
        respond(rows.crimes, city, p, clock)
    elif number == 9:
        stop(rows.officers, city, p, clock)
    elif number == 10:
        contact(rows.officers, city, p, clock)
    elif number == 11:
        tell(rows.officers, city, p, clock)
    elif number == 12:
        tell_crime(rows.crimes, city, p, clock)
    elif number == 13:
        settle(rows.cells, city, p, clock)
    elif number == 14:
        learn(rows.offenders, city, p, clock)
    elif number == 15:
        muster(rows.squads, city, p, clock)
    elif number == 16:
        bond(rows.officers, city, p, clock)
    elif number == 17:
        forget(rows.officers, city, p, clock)
    elif number == 18:
        relax(rows.squads, city, p, clock)
    elif number == 19:
        remap(rows.cells, city, p, clock)
    elif number == 20:
        observe(rows.cells, city, p, clock)


@entry
def advance(weeks, city, p, clock):
    """Run so many weeks from the clock's tick on, without touching Python; intervene acts between such stretches."""
    for n in range(weeks):
        for number in range(PHASES):
            rows = Rows(city.rows.officers, city.rows.squads, city.rows.offenders, city.rows.cells, city.docket.rows[: city.docket.page[0]])
            run_phase(number, rows, city, p, Clock(clock.seed, clock.tick + n))


@entry
def perform(number, rows, city, p, clock):
    """Run one phase for some rows: the verb of an agent."""
    run_phase(number, rows, city, p, clock)
