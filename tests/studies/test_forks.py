"""Where arms part is known from their dates alone; an arm that shares its past with others is what it would be by itself, bit for bit."""

import random
from dataclasses import dataclass
from itertools import product
from typing import ClassVar

import numpy as np
import pytest
from made_runs import data_of

from sim.errors import InputError
from sim.inputs.scenario import CitySize, Scenario
from sim.measures.harvest import Life
from sim.studies.answers.compare import compare
from sim.studies.answers.sweep import sweep
from sim.studies.design.study import Study
from sim.studies.running import forks
from sim.studies.running.forks import Branch, branches, lives
from sim.studies.running.runs import everything
from sim.world.reforms import REFORMS, Bill, Purge
from sim.world.reforms.common import lever, nothing, start_lever
from sim.world.simulation import columns

CITY = Scenario(name="Small", city=CitySize(adults=1000, officers_per_1000_inhabitants=8.0), weeks=60, spin_up_weeks=8, seed=3)


def arms(**reforms):
    return {arm: CITY.with_(interventions=made) for arm, made in reforms.items()}


def test_arms_part_where_they_begin_to_differ():
    """The first reform of a sequence is shared with the arm that has it alone; what begins later is shared until then."""
    purge, course = {"purge": {"start": 10}}, {"training": {"start": 30}}
    assert branches(arms(baseline=[], late=[{"training": {"start": 40}}], purge=[purge], both=[purge, course], end=[])) == (
        Branch(
            ("baseline", "late", "purge", "both", "end"),
            10,
            (
                Branch(("baseline", "late", "end"), 40, (Branch(("baseline", "end"), 60, ()), Branch(("late",), 60, ()))),
                Branch(("purge", "both"), 30, (Branch(("purge",), 60, ()), Branch(("both",), 60, ()))),
            ),
        ),
    )  # fmt: skip


def test_ends_part_when_they_come():
    beats = {"start": 10, "share": 0.5}
    named = arms(
        open=[{"community_policing": beats}], short=[{"community_policing": beats | {"until": 20}}],
        long=[{"community_policing": beats | {"until": 50}}], beyond=[{"community_policing": beats | {"until": 70}}],
    )  # fmt: skip
    (root,) = branches(named)
    assert (root.week, [part.arms for part in root.parts]) == (20, [("open", "long", "beyond"), ("short",)])
    assert [(part.week, part.arms) for part in root.parts[0].parts] == [(60, ("open", "beyond")), (60, ("long",))]
    assert root.parts[0].week == 50


def test_levers_and_changes_part_too():
    course = {"start": 10, "coverage": 0.5}
    named = arms(a=[{"training": course}], b=[{"training": course | {"coverage": 0.6}}])
    named["c"] = named["a"].with_(changes=[{"week": 5, "set": {"encounter.stop_rate": 0.1}}])
    assert [part.arms for part in branches(named)[0].parts] == [("a", "b"), ("c",)]
    assert (branches(named)[0].week, branches(named)[0].parts[0].week) == (5, 10)


@pytest.mark.parametrize(
    "other",
    [
        CITY.with_(adults=2000), CITY.with_({"trust.contact_gain": 0.01}), CITY.with_(spin_up_weeks=7), CITY.with_(weeks=59),
        CITY.with_(interventions=[{"purge": {"start": -8}}]), CITY.with_(changes=[{"week": -8, "set": {"encounter.stop_rate": 0.1}}]),
        CITY.with_(places={"neighborhoods": [{"name": "A", "x": [0, 1], "y": [0, 1], "opportunity": 2.0}]}),
    ],
    ids=["city", "parameters", "spin-up", "horizon", "a reform of the first week", "a change of the first week", "places"],
)  # fmt: skip
def test_what_differs_from_the_first_week_on_is_lived_apart(other):
    assert branches({"one": CITY, "other": other}) == (Branch(("one",), 60, ()), Branch(("other",), other.weeks, ()))


@dataclass(frozen=True, kw_only=True)
class Early:
    """A reform that costs something before it starts, which nobody forbids."""

    start: int = start_lever()
    share: float = lever(0.5, 0, 1, "share", "Nothing.")

    dose: ClassVar[str] = "share"
    reads: ClassVar[tuple[str, ...]] = ()
    writes: ClassVar[tuple[str, ...]] = ()
    text: ClassVar[str] = "Cost something too early."

    def due(self, horizon):
        return [self.start]

    def settings(self, week):
        return {}

    def act(self, scene):
        return Bill(0.0, 0.0)

    def running(self, scene):
        return nothing(scene) + self.share


def test_reforms_of_ones_own_are_lived_by_themselves(monkeypatch):
    """Whoever wrote them need not keep to dates: what they do before they start is theirs."""
    monkeypatch.setitem(REFORMS, "early", Early)
    named = arms(baseline=[], early=[{"early": {"start": 40}}], both=[{"early": {"start": 40}}, {"purge": {"start": 50}}])
    assert [root.arms for root in branches(named)] == [("baseline",), ("early", "both")]
    found = {one.arm: everything(one)["money_spent"] for one in lives(named, 1, 1, (), lambda weeks: None)}
    assert not found["baseline"].any() and (found["early"] == 0.5).all()


# --- Bits

SEEDS = range(16)


def random_reform(luck, names):
    """A reform with random dates and levers, spin-up included."""
    name, start = luck.choice(names), luck.choice([0, 26, 52, *(luck.randrange(-8, 60) for _ in range(6))])
    until = luck.choice([None, None, start + luck.choice([1, 9, 30, 70])])
    made = {"start": start, REFORMS[name].dose: luck.choice([0.3, 0.9])} | ({"until": until} if until else {})
    more = {
        "training": {"every": luck.choice([4, 9, None]), "messages_every": luck.choice([3, None])},
        "purge": {"months": luck.choice([1, 6]), "recruits_offset": luck.choice([0.0, 1.0]), "signal": luck.choice([0.0, 0.2])},
        "civic_justice": {"diversion": luck.choice([0.3, 0.9])},
    }
    return {name: made | {lever: value for lever, value in more.get(name, {}).items() if value is not None}}


def random_arms(seed):
    """Arms that share beginnings: each goes on from a prefix of another, under one of two lists of dated changes."""
    luck = random.Random(seed)
    changes = [{"week": luck.randrange(-8, 60), "set": {"encounter.stop_rate": luck.choice([0.005, 0.02])}} for _ in range(3)]
    changes += [{"week": luck.randrange(0, 60), "set": {"trust.effectiveness_weight": 0.9}}]
    listed = {"baseline": (CITY, [])}
    while len(listed) < 6:
        base, made = listed[luck.choice(list(listed))]
        try:
            grown = [*made[: luck.randrange(len(made) + 1)], random_reform(luck, list(REFORMS))]
            city = CITY.with_(changes=changes[: luck.randrange(1, 5)]) if luck.random() < 0.4 else base
            listed[f"arm {len(listed)}"] = city.with_(interventions=grown), grown
        except InputError:  # they contradict each other
            continue
    return {arm: scenario for arm, (scenario, _) in listed.items()}


def state_of(one):
    """All that a run is: columns, what was observed, answers, voices, costs, and what is kept of it."""
    run = one.life.run
    heard = [np.concatenate([np.ravel(part) for part in each]) for each in (*run.surveys, *run.heard)]
    record = dict(zip(run.record._fields, run.record, strict=True))
    answers = {f"answers {n}": values for n, values in enumerate(heard)}
    city = columns(run.city) | {"ledger": run.city.ledger, "tally": run.city.tally}
    return city | record | answers | run.costs | everything(one)


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name in one:
        assert np.array_equal(one[name], other[name], equal_nan=np.asarray(one[name]).dtype.kind == "f"), name


@pytest.mark.compiled
@pytest.mark.parametrize("seed", SEEDS)
def test_arms_of_random_dates_are_what_they_are_alone(seed):
    named = random_arms(seed)
    told = []
    together = {one.arm: state_of(one) for one in lives(named, 7, 5, (), told.append)}
    assert sorted(together) == sorted(named) and sum(told) == len(named) * 68
    for arm, scenario in named.items():
        (alone,) = lives({arm: scenario}, 7, 5, (), lambda weeks: None)
        assert_same(together[arm], state_of(alone))


def test_random_arms_share_something():
    """Else the test above would test nothing."""

    def forked(branch):
        return [branch] * bool(branch.parts) + [fork for part in branch.parts for fork in forked(part)]

    found = [fork for seed in SEEDS for root in branches(random_arms(seed)) for fork in forked(root)]
    weeks = [fork.week for fork in found]
    assert len(found) > 30 and len(set(weeks)) > 15 and min(weeks) < -2 and max(weeks) > 50


@pytest.mark.compiled
def test_what_watches_is_forked_too():
    """A panel that was asked in week 0 goes along into every arm."""
    early, late = {"training": {"start": 0}}, {"purge": {"start": 70, "follow_through": 1.0}}
    named = {arm: CITY.with_(weeks=104, interventions=made) for arm, made in {"no": [], "early": [early], "late": [late]}.items()}
    names = ("victimization_effect", "trust_autocorrelation")

    def told(scenarios):
        return {one.arm: one.observer.measures(one.scenario, 7, 7) for one in lives(scenarios, 7, 7, names, lambda weeks: None)}

    together = told(named)
    assert together == {arm: told({arm: scenario})[arm] for arm, scenario in named.items()}
    assert len({values["trust_autocorrelation"] for values in together.values()}) == 3


@pytest.mark.compiled
def test_few_cities_are_held_at_one_time(monkeypatch):
    held, most = [0], [0]
    begun, fork = Life.__init__, Life.fork

    class Counted:
        def __init__(self):
            held[0] += 1
            most[0] = max(most[0], held[0])

        def __del__(self):
            held[0] -= 1

    def begin(self, *given):
        begun(self, *given)
        self.counted = Counted()

    def split(self):
        other = fork(self)
        other.counted = Counted()
        return other

    monkeypatch.setattr(Life, "__init__", begin)
    monkeypatch.setattr(Life, "fork", split)
    named = arms(baseline=[], **{f"from {week}": [{"training": {"start": week}}] for week in range(0, 60, 5)})
    assert len([one.arm for one in lives(named, 1, 1, (), lambda weeks: None)]) == 13
    assert held == [0] and most == [3]
    named = arms(**{f"{a} {b} {c}": [{"training": {"start": 10 + a}}, {"training": {"start": 20 + b}}, {"training": {"start": 30 + c}}]
                    for a, b, c in product((0, 5), repeat=3)})  # fmt: skip
    assert len([one.arm for one in lives(named, 1, 1, (), lambda weeks: None)]) == 8 and most == [4]


STUDY = Study(
    name="Parting", scenario=CITY, replicates=6, posterior="none", measures=["mean_trust", "cost"],
    arms={
        "purge": [{"purge": {"start": 5}}], "purge, course": [{"purge": {"start": 5}}, {"training": {"start": 30}}],
        "beats": [{"community_policing": {"start": -4, "share": 0.5, "until": 40}}],
    },
)  # fmt: skip


def by_itself(scenarios):
    return tuple(Branch((arm,), scenario.weeks, ()) for arm, scenario in scenarios.items())


@pytest.mark.compiled
@pytest.mark.parametrize("workers", [1, 3])
def test_a_store_has_the_same_bytes_forked_or_not(workers, tmp_path, monkeypatch):
    forked = compare(STUDY, folder=tmp_path / "forked", workers=workers).dataset
    monkeypatch.setattr(forks, "branches", by_itself)
    alone = compare(STUDY, folder=tmp_path / "alone", workers=1).dataset
    assert forked.drop_attrs().identical(alone.drop_attrs())
    shards = [sorted((tmp_path / name / "shards").iterdir()) for name in ("forked", "alone")]
    assert [path.read_bytes() for path in shards[0]] == [path.read_bytes() for path in shards[1]] and shards[0]


@pytest.mark.compiled
@pytest.mark.parametrize("luck", ["shared", "own"])
def test_a_sweep_has_the_same_bytes_forked_or_not(luck, tmp_path, monkeypatch):
    vary = {"trust.contact_gain": [0.01, 0.1], "training.start": [10, 50], "purge.follow_through": [0.1, 0.9]}
    study = STUDY.with_(
        vary=vary, design={"random": 4, "validation": 0}, replicates=3, luck=luck, measures=["mean_trust", "cost"], series=["crimes"]
    )
    begun, lived = [], Life.__init__

    def begin(self, *given):
        begun[-1] += 1
        lived(self, *given)

    monkeypatch.setattr(Life, "__init__", begin)
    for name in ("forked", "alone"):
        begun.append(0)
        sweep(study, tmp_path / name, workers=1)
        monkeypatch.setattr(forks, "branches", by_itself)
    assert begun == [12, 48]
    assert data_of(tmp_path / "forked") == data_of(tmp_path / "alone")


def test_an_arm_that_fails_leaves_the_others(tmp_path, monkeypatch):
    """Those that it was to share weeks with are run again, each by itself."""
    monkeypatch.setattr(Purge, "act", lambda self, scene: 1 / 0)
    study = STUDY.with_(vary={"trust.contact_gain": [0.01, 0.1]}, design={"random": 2, "validation": 0}, replicates=2)
    found = sweep(study, tmp_path, workers=1)
    assert sorted(set(found.store.failures().arm)) == ["purge", "purge, course"] and len(found.store.failures()) == 8
    assert sorted(set(found.runs().arm)) == ["baseline", "beats"] and found.status().kept == 8
