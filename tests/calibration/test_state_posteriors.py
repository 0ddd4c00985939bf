"""Posteriors of states: planted effects are recovered, a state of which nothing is known gets what is known of states."""

from dataclasses import dataclass, replace
from math import exp

import numpy as np
import pytest
from small_calibration import EFFORT

from sim.artifacts.posterior import Posterior, load_posterior, posterior_files, shipped_posteriors
from sim.calibration.emulators import Emulators, TargetEmulator
from sim.calibration.layers import load_targets
from sim.calibration.space import Space
from sim.calibration.state_targets import PATTERNS
from sim.calibration.states import COLUMNS, FOLLOW, StateFitter, fit_states
from sim.calibration.waves import History
from sim.cli import calibrate_states, main
from sim.files.writing import write
from sim.inputs.scenario import load_scenario
from sim.inputs.scenario_files import shipped_states
from sim.inputs.states import CONSTRUCTS, CRIME, believed, states

NATION = load_scenario("national-average")
TARGETS = tuple(target for target in load_targets(NATION) if target.id in PATTERNS.values() or target.id in PATTERNS)
SPACE = Space(NATION, TARGETS, 3)
MOVES = np.array([[0.8, 0.05, 0.0, -0.05], [0.0, 0.9, 0.05, -0.1], [0.05, 0.3, 0.9, -0.05], [0.0, 0.0, 0.0, 0.75]])  # answers by effects
DRAWS = 400


@dataclass(frozen=True)
class Surface:
    """An answer that rises with values as `MOVES` says, the less the higher, and with another parameter."""

    place: int
    bend: float
    rising: float

    def predict(self, read):
        at = [SPACE.names.index(name) for name in COLUMNS]
        low, high = np.column_stack([SPACE.factors[column].at(np.array([0.0005, 0.9995])) for column in at])
        values = low + read[:, at] * (high - low)
        rise = self.rising * values @ MOVES[self.place]
        other = read[:, SPACE.names.index("trust.contact_gain")]
        return rise * (1.0 + self.bend * (0.2 * other - 0.05 * rise)) + other


def bank(bend=1.0, rising=1.0):
    target = {one.id: one for one in TARGETS}
    every = np.arange(len(SPACE.names))
    learned = [TargetEmulator(target[key], Surface(place, bend, rising), every, 0.0, 0.0, 1.0) for place, key in enumerate(PATTERNS)]
    return Emulators(tuple(learned), SPACE.inputs, np.eye(len(learned)))


@pytest.fixture(scope="module")
def nation():
    unit = SPACE.held(np.random.default_rng(1).random((DRAWS, len(SPACE.names))))
    names = [name for name, fitted in zip(SPACE.names, SPACE.fitted, strict=True) if fitted]
    weights = np.random.default_rng(2).gamma(2.0, size=DRAWS)
    return Posterior("national-average", tuple(names), SPACE.values(unit)[names].to_numpy(float), weights / weights.sum())


def figures_of(differences, rng):
    """The figures of states whose lasting differences (states x 4) are known, with the real yearly movement."""
    known, figures = states(), {}
    for place, construct in enumerate(CONSTRUCTS):
        country = known.figures[construct][0]
        odds = [value if construct == CRIME else value / (100 - value) for value in country]
        figures[construct] = {0: country}
        for row, lasting in enumerate(differences[:, place], 1):
            moved = [one * exp(lasting + rng.normal(0, known.spread(construct).yearly_sd)) for one in odds]
            figures[construct][row] = [one if construct == CRIME else 100 * one / (1 + one) for one in moved]
    return known._replace(figures=figures)


def test_planted_effects_are_recovered_with_their_error(nation):
    rng, fitter = np.random.default_rng(4), StateFitter.of(SPACE, bank(), nation)
    sds = np.array([0.25, 0.15, 0.35, 0.3])
    planted = sds * rng.standard_normal((32, 4))
    truth = int(np.argmax(nation.weights))  # the country as it is, one of those that are held possible
    differences = np.stack([fitter.differences(np.tile(effects, (DRAWS, 1)))[truth] for effects in planted])
    fitter = replace(fitter, known=figures_of(differences, rng))
    made = [fitter.fit(name) for name in fitter.known.rows]
    effects = np.stack([one.values for one in made]) - fitter._own
    means = np.einsum("n,snk->sk", nation.weights, effects)
    spreads = np.sqrt(np.einsum("n,snk->sk", nation.weights, (effects - means[:, None]) ** 2))
    apart = (means - planted) / spreads
    assert np.sqrt(np.mean(apart**2)) == pytest.approx(1.0, abs=0.2) and np.abs(np.mean(apart, axis=0)).max() < 0.6
    assert np.mean(np.abs(apart) < 1.645) == pytest.approx(0.9, abs=0.06)
    assert (np.median(spreads, axis=0) < [0.6 * sds[0], 0.9 * sds[1], 0.5 * sds[2], 0.5 * sds[3]]).all()
    # Where answers are straight in effects, normal errors are put together as anybody does it by hand.
    straight = replace(fitter, emulators=bank(bend=0.0))
    spread, one = fitter.known.spread("reporting"), straight.fit("Jalisco")
    precise = (FOLLOW[0] / spread.persistent_sd) ** 2 + 7 * (0.8 / spread.yearly_sd) ** 2
    assert np.std(one.values[:, 0]) == pytest.approx(precise**-0.5, rel=0.15)


def test_a_state_of_which_nothing_is_known_is_as_states_are(nation):
    for known_by in (bank(), bank(rising=0.0)):  # and so is every state if the bank does not know how answers follow
        fitter = StateFitter.of(SPACE, known_by, nation)
        prior = fitter.fit("Yucatán", without=known_by.learned[0].surface.rising > 0)
        for place, (construct, follow) in enumerate(zip(CONSTRUCTS, FOLLOW, strict=True)):
            spread = states().spread(construct, without="Yucatán")
            effects = (prior.values - fitter._own)[:, place] * follow
            assert effects.mean() == pytest.approx(spread.mean, abs=4 * spread.persistent_sd / DRAWS**0.5)
            assert effects.std() == pytest.approx(spread.persistent_sd, rel=0.15)
    assert (prior.values.std(axis=0)[:3] > 1.2 * StateFitter.of(SPACE, bank(), nation).fit("Yucatán").values.std(axis=0)[:3]).all()


def test_a_state_is_the_same_whichever_others_are_asked_for(nation):
    every, alone = fit_states(SPACE, bank(), nation), fit_states(SPACE, bank(), nation, ["Guerrero"])
    assert list(every) == list(states().rows) and list(alone) == ["Guerrero"]
    assert np.array_equal(every["Guerrero"].values, alone["Guerrero"].values)
    fitter = StateFitter.of(SPACE, bank(), nation)
    assert every["Guerrero"].values[:, 0].min() < -1.0  # beyond the bank's end, straight on
    middle = nation.weights @ fitter.differences(every["Guerrero"].values - fitter._own)
    assert middle == pytest.approx([believed(states(), construct)["Guerrero"][0] for construct in CONSTRUCTS], abs=0.06)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, nation):
    """What a calibration of the country leaves: runs of 1,000 adults, a bank of four targets, and draws."""
    path = tmp_path_factory.mktemp("calibration")
    city = NATION.with_(adults=1000, spin_up_weeks=8)
    History(Space(city, TARGETS, 3), EFFORT, path).run()
    facts = {"effort": EFFORT.as_data(), "seed": 3, "mixing": 1.004}
    write(path, posterior_files(replace(nation, facts=facts)))
    return path


def test_the_command_makes_files_that_any_study_can_use(folder, monkeypatch, capsys):
    monkeypatch.setattr(calibrate_states, "load_targets", lambda scenario: TARGETS)

    def made(*names):
        for name in names:
            with pytest.raises(SystemExit, match="0"):
                main(["calibrate", name, "--out", str(folder)])
        return {path.name: path.read_bytes() for path in (folder / "states").iterdir()}

    first = made("yucatan")
    said = capsys.readouterr().out
    assert {"yucatan.csv", "yucatan.yaml"} <= set(first) and "Yucatán" in said and "1 state in" in said
    every = made("states")
    assert first["yucatan.csv"] == every["yucatan.csv"] and len([name for name in every if name.endswith(".csv")]) == 32
    assert max(map(len, every.values())) < 30_000
    posterior, country = load_posterior(folder / "states" / "yucatan.csv"), load_posterior(folder / "national-average.csv")
    assert {*posterior.names} == {*country.names, *COLUMNS} and posterior.own == load_scenario("yucatan").parameters
    assert len(posterior.draws) == len(country.draws) and posterior.facts["mixing"] == country.facts["mixing"]
    assert posterior.facts["figures"]["reporting"] == {"difference": -0.1491, "error": 0.0696}
    assert posterior.mean("institutions.reporting") < 0.1 and posterior.mean(COLUMNS[3]) < country.mean(COLUMNS[3])
    assert posterior.weights == pytest.approx(country.weights) and posterior.facts["seed"] == 3


def test_without_the_countrys_calibration_one_sentence_says_how_to_make_it(tmp_path, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["calibrate", "yucatan", "--out", str(tmp_path / "none")])
    said = capsys.readouterr().err
    assert "there is no calibration of the country in" in said and "confianza calibrate national-average --out" in said
    with pytest.raises(SystemExit, match="2"):
        main(["calibrate", "states", "--runs", "5000"])
    assert "come from the country's calibration" in capsys.readouterr().err


def test_shipped_posteriors_of_states_belong_to_the_countrys():
    """All of them or none; each with the draws of the country's that is shipped now."""
    shipped = [name for name in shipped_posteriors() if name in shipped_states()]
    assert len(shipped) in (0, 32)
    for name in shipped:
        posterior = load_posterior(name)
        assert posterior.own == load_scenario(name).parameters and {*COLUMNS} <= {*posterior.names}
        assert len(posterior.draws) == len(load_posterior("national-average").draws)
