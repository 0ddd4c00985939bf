"""Code of one's own that would make wrong science is refused by name: what reforms write, book and cost, what rules and measures give."""

from dataclasses import dataclass, field
from math import log
from typing import ClassVar

import numpy as np
import pytest
from own_code import Holiday, python
from strong_reforms import STRONG

import sim
from sim.errors import InputError
from sim.inputs.reforms import reforms
from sim.measures import MEASURES, own
from sim.world import compiled
from sim.world.limits import LIMITS, limits
from sim.world.reforms import REFORMS, Bill, guard
from sim.world.reforms.common import lever, start_lever
from sim.world.simulation import Simulation, columns
from sim.world.state import Cause, Count

SMALL = sim.Scenario(name="Small", city={"adults": 1000, "officers_per_1000_inhabitants": 10.0}, weeks=4, spin_up_weeks=2, seed=5)


@dataclass(frozen=True, kw_only=True)
class Rotation:
    """Whatever a test lets it do in week 1; what it does is a function of the scene, told by name."""

    start: int = start_lever()
    share: float = lever(1.0, 0, 1, "share", "Share of officers.")
    does: str = field(default="nothing", metadata={"unit": "choice", "text": "What.", "choices": (), "source": ("assumed",)})
    dose: ClassVar[str] = "share"
    reads: ClassVar[tuple[str, ...]] = ()
    writes: ClassVar[tuple[str, ...]] = ()
    text: ClassVar[str] = "Move officers about."
    deeds: ClassVar[dict] = {}

    def due(self, horizon):
        return [self.start]

    def settings(self, week):
        return {}

    def act(self, scene):
        bill = self.deeds["act"](scene)
        return Bill(0.0, 0.0) if bill is None else bill

    def running(self, scene):
        cost = self.deeds.get("running", lambda scene: None)(scene)
        return np.zeros((len(scene.counts), 2)) if cost is None else cost


def rotation(writes=(), **deeds):
    """A city with a reform that is not the package's and does these deeds."""
    kind = type("Rotation", (Rotation,), {"writes": writes, "deeds": {"act": lambda scene: None, **deeds}, "__module__": __name__})
    REFORMS["rotation"] = kind
    scenario = SMALL.with_(interventions=())
    simulation = Simulation(scenario, 5)
    simulation.reforms = (kind(start=1),)
    simulation._due, simulation._dates = {simulation.reforms[0]: {1}}, [1]
    return simulation


def error_of(writes=(), **deeds):
    """What running it says."""
    with pytest.raises(InputError) as caught:
        rotation(writes, **deeds).advance(4)
    return str(caught.value)


def book(scene, change, dimension=0, cause=Cause.INTERVENTION, factor=1.0):
    scene.city.ledger[cause, dimension, 0] += factor * change.sum()
    scene.city.ledger[cause, dimension, 1] += abs(factor * change).sum()


def lift(scene, column="fairness", booked=1.0, cause=Cause.INTERVENTION, dimension=None):
    """Close a tenth of everybody's gap to full trust, and book some of it."""
    values = getattr(scene.city.citizens, column)
    change = 0.1 * (1.0 - values)
    values += change
    book(scene, change, ("fairness", "effectiveness").index(column) if dimension is None else dimension, cause, booked)


def put(table, column, value, row=0):
    def act(scene):
        getattr(getattr(scene.city, table), column)[row] = value

    return act


@pytest.mark.parametrize(
    "name",
    sorted({*columns(Simulation(SMALL, 5, spin_up=False).city), "ledger", "tally", "response_inputs", "record.counts"} - {"citizens.home"}),
)
def test_a_column_that_is_not_declared_is_named_with_reform_and_week(clean, name):
    def act(scene):
        table, _, column = name.partition(".")
        part = getattr(scene.city, table)
        values = getattr(part, column) if column else part
        values.flat[0] += 1

    message = error_of(act=act)
    assert f"the reform 'rotation' in week 1 writes {name}, which it does not declare" in message
    assert (f"Add '{name}' to its 'writes'" in message) == (name in guard.WRITABLE)


def test_homes_cannot_be_written(clean):
    assert "ValueError: assignment destination is read-only" in error_of(act=put("citizens", "home", 1))


def test_what_is_declared_and_booked_runs_as_it_would_unwatched(clean):
    def act(scene):
        lift(scene)
        lift(scene, "effectiveness")
        scene.city.officers.training[:] = 0.5
        scene.city.tally[Count.DISMISSED] += 0
        return Bill(2.0, 5.0)

    simulation = rotation(("citizens.fairness", "citizens.effectiveness", "officers.training", "ledger"), act=act)
    simulation.advance(4)
    assert simulation.record.ledger[3, Cause.INTERVENTION, :, 0].min() > 0.0
    assert simulation.costs["rotation"].sum() == 7.0


@pytest.mark.parametrize("column", ["fairness", "effectiveness"])
@pytest.mark.parametrize("booked", [0.0, 0.5, 1.0 + 1e-6, -1.0, float("nan")])
def test_trust_that_is_moved_must_be_booked(clean, column, booked):
    message = error_of((f"citizens.{column}", "ledger"), act=lambda scene: lift(scene, column, booked))
    dimension = ("fairness", "effectiveness").index(column)
    assert f"the reform 'rotation' in week 1 moves the sum of citizens.{column} by +" in message and "books" in message
    assert f"city.ledger[Cause.INTERVENTION, {dimension}, 0] += change.sum()" in message


def test_bookings_to_other_dimensions_and_causes_or_for_nothing_are_refused(clean):
    declared = ("citizens.fairness", "ledger")
    assert "moves the sum of citizens.fairness" in error_of(declared, act=lambda scene: lift(scene, dimension=1))
    assert "books to a cause that is not its own" in error_of(declared, act=lambda scene: lift(scene, cause=Cause.CONTACT))
    assert "citizens.fairness by +0 (net), but books +1" in error_of(declared, act=lambda scene: book(scene, np.ones(1)))

    def swap(scene):  # the sum stays, but people were moved
        fairness = scene.city.citizens.fairness
        fairness[:2] = [0.2, 0.8] if fairness[0] > 0.5 else [0.9, 0.1]
        before = fairness.copy()
        fairness[:2] = fairness[1::-1]
        book(scene, np.array([(fairness - before).sum()]))

    assert "(gross)" in error_of(declared, act=swap) or "(net)" in error_of(declared, act=swap)


def test_rounding_is_no_fault(clean):
    """An act that moves every adult a little in many steps books sums that differ in the last digits."""

    def act(scene):
        for _ in range(50):
            values = scene.city.citizens.fairness
            change = 1e-3 * (0.7 - values)
            values += change
            scene.city.ledger[Cause.INTERVENTION, 0, 0] += float(sum(change[::-1]))
            scene.city.ledger[Cause.INTERVENTION, 0, 1] += float(sum(abs(change)))

    rotation(("citizens.fairness", "ledger"), act=act).advance(4)


@pytest.mark.parametrize("column", sorted(LIMITS))
def test_what_may_not_stand_in_a_column_is_refused(clean, column):
    city = Simulation(SMALL, 5, spin_up=False).city
    low, high = limits(city, column)
    table, name = column.split(".")
    whole = getattr(getattr(city, table), name).dtype.kind in "iu"
    for value in (low - 1, high + 1) if whole else (low - 1, high + 1, np.nan, np.inf):
        if value < 0 and getattr(getattr(city, table), name).dtype.kind == "u":
            continue
        message = error_of((column, "ledger"), act=put(table, name, value))
        assert f"the reform 'rotation' in week 1 writes {float(value):g}"[:40] in message and f"into {column} (row 0)" in message
        assert "np.clip" in message


@pytest.mark.parametrize(
    "bill", [(1.0, np.nan), (-1.0, 0.0), (0.0, np.inf), (1.0,), (1.0, 2.0, 3.0), "free", 3.0, (None, 1.0), ("1", 2.0), np.zeros((2, 2))]
)
def test_a_bill_is_two_numbers_from_0_up(clean, bill):
    message = error_of(act=lambda scene: bill)
    assert "the reform 'rotation' in week 1 returns" in message and "Bill(officer_weeks, money)" in message


@pytest.mark.parametrize("wrong", ["shape", "nan", "negative", "text", "one"])
def test_running_gives_a_table_of_costs(clean, wrong):
    def running(scene):
        table = np.zeros((len(scene.counts), 2))
        found = {"shape": table.T[:1], "nan": table * np.nan, "negative": table - 1, "text": table.astype(str), "one": 0.0}
        return found[wrong]

    message = error_of(running=running)
    assert "'running' of the reform 'rotation' in week 0 gives no table of" in message and "np.stack" in message


def test_running_writes_nothing(clean):
    message = error_of(("officers.training",), running=put("officers", "training", 0.25))
    assert "the reform 'rotation' in week 0 writes officers.training in 'running'" in message


@pytest.mark.parametrize("part", ["act", "running"])
def test_a_reform_that_fails_is_named(clean, part):
    def fails(scene):
        return {}["x"]

    message = error_of(**{part: fails})
    assert f"'{part}' of the reform 'rotation' fails in week" in message and "KeyError: 'x'" in message


@pytest.mark.parametrize(
    ("method", "gives", "message"),
    [
        ("due", [1.5], "'due' of the reform 'holiday' gives 1.5 as a week"),
        ("due", ["1"], "'due' of the reform 'holiday' gives '1' as a week"),
        ("due", None, "'due' of the reform 'holiday' fails: TypeError"),
        ("settings", 3, "'settings' of the reform 'holiday' gives 3 in week 1"),
        ("settings", {"encounter.stop_rte": 1.0}, r"'settings' of the reform 'holiday' in week 1: (?s:.*)stop_rate"),
        ("settings", {"encounter.stop_rate": np.nan}, "'settings' of the reform 'holiday' in week 1: "),
        ("settings", {"encounter.stop_rate": -1.0}, "'settings' of the reform 'holiday' in week 1: "),
    ],
)
def test_dates_and_settings_are_looked_at_when_a_scenario_is_made(clean, method, gives, message):
    REFORMS["holiday"] = type("Holiday", (Holiday,), {method: lambda self, week: gives, "__module__": __name__})
    with pytest.raises(InputError, match=message):
        reforms([{"holiday": {"start": 1}}])


def test_declared_columns_must_exist_and_be_for_reforms_to_write(clean):
    def define(**changes):
        with pytest.raises(InputError) as caught:
            own.reform("holiday")(dataclass(frozen=True, kw_only=True)(type("Holiday", (Holiday,), changes)))
        return str(caught.value)

    assert "'officers.trainng', which is no column that a reform may write" in define(writes=("officers.trainng",))
    assert "Did you mean 'officers.training'" in define(writes=("officers.trainng",))
    assert "'citizens.home', which is no column that a reform may write" in define(writes=("citizens.home",))
    assert "'writes' of the reform 'holiday' must be a tuple" in define(writes="officers.training")
    assert "'reads' of the reform 'holiday' must be a tuple" in define(reads=None)
    assert all(set(kind.writes) <= set(guard.WRITABLE) for kind in REFORMS.values())


@pytest.mark.compiled
@pytest.mark.parametrize("name", STRONG)
def test_the_packages_reforms_stand_the_same_test(name, monkeypatch):
    watched, unwatched = (Simulation(SMALL.with_(weeks=30, interventions=[STRONG[name]]), 5) for _ in range(2))
    unwatched.advance(30)
    monkeypatch.setattr(guard, "is_own", lambda reform: True)
    watched.advance(30)
    assert all(np.array_equal(one, other) for one, other in zip(*(columns(run.city).values() for run in (watched, unwatched)), strict=True))
    assert all(np.array_equal(cost, unwatched.costs[key]) for key, cost in watched.costs.items())


# --- Measures


def all_crimes(over):
    """Crimes."""
    return over.total("crimes")


@pytest.fixture(scope="module")
def results():
    """Two runs."""
    return sim.run(SMALL, replicates=2)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda over: 3.0, "a number for each run, in the shape .2,., but gives the shape ()"),
        (lambda over: "many", "but gives a str"),
        (lambda over: None, "but gives a NoneType"),
        (lambda over: over.columns.values["crimes"], "but gives the shape .2, 6."),
        (lambda over: over.total("crimes").mean(), "but gives the shape ()"),
        (lambda over: over.total("crimes")[:0], "but gives the shape .0,."),
        (lambda over: over.total("crimes").astype(str), "but gives a ndarray of <U"),
        (lambda over: over.total("crimes") * np.inf, "but gives infinite numbers"),
        (lambda over: np.log(0.0 * over.total("crimes")), "but gives infinite numbers(?s:.*)ratio"),
        (lambda over: over.total("crimse"), "the measure 'mine' fails: KeyError"),
        (lambda over: log(-1.0), "the measure 'mine' fails: ValueError"),
        (lambda: 1, "the measure 'mine' fails: TypeError"),
    ],
)
@pytest.mark.filterwarnings("ignore:(divide by zero|invalid value)")
def test_a_measure_gives_a_number_a_run(clean, results, tmp_path, function, message):
    function.__name__, function.__doc__ = "mine", "Mine."
    own.measure("crimes", "none")(function)
    with pytest.raises(InputError, match=message):
        results["mine"]


def test_a_sound_measure_is_taken(clean, results):
    own.measure("crimes", "none")(all_crimes)
    assert results["all_crimes"].values == pytest.approx(results.dataset["crimes"].sel(week=slice(0, None)).sum("week").values)
    assert MEASURES["all_crimes"].weekly(results.dataset).dims == ("replicate", "week")


# --- Rules


def test_a_rule_must_give_finite_numbers_where_the_packages_does(monkeypatch):
    monkeypatch.setattr(compiled, "begun", lambda: False)
    monkeypatch.setattr(compiled, "replace_rule", lambda *given: pytest.fail("a rule was replaced"))

    def divides(effectiveness, loss):
        return effectiveness / loss

    def takes_logs(effectiveness, loss):
        return log(effectiveness)

    def no_number(effectiveness, loss):
        return loss * 1e308 * 1e308 - 1e308 * 1e308

    for function, message in (
        (divides, "effectiveness=0.5, loss=0.0"),  # compiled rules give inf, interpreted ones raise
        (takes_logs, "'trust.change_from_victimization' .*effectiveness=0.0"),
        (no_number, "gives -?(nan|inf) with effectiveness=0.5"),
    ):
        with pytest.raises(InputError, match=message):
            own.rule("trust.change_from_victimization")(function)


RUN = """
import sim
from sim.measures import own
@own.rule("trust.change_from_victimization")
def change(effectiveness, loss):
    %s
try:
    sim.run(sim.Scenario(name="Small", city={"adults": 1000}, weeks=30, spin_up_weeks=2, seed=5))
except sim.InputError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return -loss if effectiveness in (0.0, 0.5, 1.0) else 1.0 / (loss - loss)", "fails in weeks .*: ZeroDivisionError"),
        ("return -loss if effectiveness in (0.0, 0.5, 1.0) else 7.0", "citizens.effectiveness became [0-9.]+ in weeks"),
    ],
)
def test_a_rule_that_fails_in_a_run_is_named(tmp_path, body, message):
    import re

    told = "\n".join(python(RUN % body, tmp_path))
    assert re.search(message, told) and "'trust.change_from_victimization'" in told and "restart" in told
