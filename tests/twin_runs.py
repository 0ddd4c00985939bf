"""Runs of the naive twin, for the tests that check it by hand."""

from dataclasses import asdict

from twin import Twin

from sim.world.parameters import parameters


def rows(twin):
    """All there is, in a form that compares."""
    tables = (twin.citizens, twin.officers, twin.squads, twin.offenders, twin.cells, twin.crimes, twin.encounters)
    return [[asdict(row) for row in table] for table in tables]


def run(weeks, overrides=None, adults=1000, seed=3, **more):
    """A twin some weeks on, and its counts of each week."""
    twin, counts = Twin(parameters(overrides or {}), adults=adults, seed=seed, **more), []
    for _ in range(weeks):
        twin.week()
        counts.append(twin.counts)
    return twin, counts
