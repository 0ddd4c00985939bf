"""Code of one's own: it takes effect, it is told by fingerprints and keys, and it is refused where it would mislead."""

import json
from dataclasses import dataclass
from functools import partial
from math import exp

import numpy as np
import pytest
from own_code import Holiday, python

import sim
from sim.artifacts.sources import sources
from sim.engine.executors import executor
from sim.engine.plans import RunSpec, plan_of
from sim.errors import InputError
from sim.measures import MEASURES, own
from sim.studies.answers.sweep import sweep
from sim.studies.running.keys import keys
from sim.studies.running.work import job_of
from sim.world import compiled
from sim.world.reforms import REFORMS, name_of
from sim.world.rules.probability import logistic

SMALL = sim.Scenario(name="Small", city={"adults": 1000}, weeks=4, spin_up_weeks=2, seed=5)
HALF = 0.5


RULE = """
import sim
from sim.measures import own
from sim.artifacts.sources import sources
CITY = sim.Scenario(name="Small", city={"adults": 1000}, weeks=12, spin_up_weeks=2, seed=5)
before = sources()
LEAST = %s
@own.rule("reporting.reporting_probability")
def reporting_probability(loss, trust, intercept, log_loss_slope, trust_slope, person):
    return LEAST
LEAST = 0.5  # too late: names mean what they meant
results = sim.run(CITY)
print(float(results["reporting_rate"].item()))
print(results.dataset.attrs["source_fingerprint"])
print(sources() != before)
print(results.dataset.attrs["own_code"])
print(results.dataset.attrs["versions"])
"""


def test_a_rule_takes_the_place_of_another_everywhere_and_fingerprints_tell(tmp_path):
    never, always, again = (python(RULE % least, tmp_path) for least in ("0.0", "1.0", "0.0"))
    assert float(never[0]) == 0.0 and float(always[0]) == 1.0
    assert never == again and never[1] != always[1] and compiled.fingerprint() not in (never[1], always[1])
    assert never[2] == "True", "the sources of a run differ once a rule is replaced"
    told = json.loads("".join(never[3:-1]))["rule reporting.reporting_probability"]
    assert "return LEAST" in told and told.endswith("# LEAST = 0.0")
    assert "rule reporting.reporting_probability" in json.loads(never[-1])


def test_a_rule_that_other_rules_use(tmp_path):
    """`logistic` is used inside other rules; replaced by a constant it halves every probability that is one."""
    text = """
import sim
from sim.measures import own
from sim.world.rules.reporting import file_probability
import sim.world.rules.reporting
@own.rule("probability.logistic")
def logistic(x):
    return 0.25
assert sim.world.rules.reporting.file_probability(1.0, 3.0, 3.0) == 0.25
import sim.world.crime, sim.agents
print(own.all_rules()["probability.logistic"] is sim.world.rules.reporting.logistic)
"""
    assert python(text, tmp_path) == ["True"]


AFTER = """
import sim
from sim.measures import own
@own.rule("trust.change_from_victimization")
def change(effectiveness, loss):
    return -loss
sim.Model(sim.Scenario(name="Small", city={"adults": 1000}, weeks=2, spin_up_weeks=0), rng=1)
@own.rule("trust.change_from_victimization")
def change(effectiveness, loss):
    return -loss
print("the same again is no change")
try:
    @own.rule("trust.change_from_victimization")
    def change(effectiveness, loss):
        return 0.0
except sim.InputError as error:
    print(error)
print(change(0.5, 0.1))
"""


def test_after_the_first_run_rules_are_as_they_are(tmp_path):
    first, message, remedy, still = python(AFTER, tmp_path)
    assert first == "the same again is no change"
    assert "'trust.change_from_victimization' cannot be changed any more" in message and "Restart the kernel" in remedy
    assert still == "-0.1"


def refused(name="trust.change_from_victimization", **globals_):
    """The error when a function that is written in a file is put in a rule's place."""

    def put(function):
        with pytest.raises(InputError) as caught:
            own.rule(name)(function)
        return str(caught.value)

    return put


def relaxes(trust, disposition, climate, rate, climate_weight):
    """Away from the climate, and by a share that rises with it: linear in trust and disposition."""
    return rate * climate * (disposition - trust) - 0.01 * climate


def sticks(trust, disposition, climate, rate, climate_weight):
    return rate * max(disposition - trust, 0.0)


def bends(trust, disposition, climate, rate, climate_weight):
    return rate * trust * (disposition - trust)


def pulled_down(disposition, pull):
    return disposition + 0.5 * pull * disposition - 0.1 * pull


def pulled_apart(disposition, pull):
    return disposition if pull >= 0 else disposition**1.5


@pytest.mark.parametrize(
    ("name", "function", "said"),
    [
        ("trust.change_from_drift", relaxes, ""),
        ("trust.change_from_drift", sticks, "the new rule 'trust.change_from_drift' is not linear in its first 2 arguments"),
        ("trust.change_from_drift", bends, "the new rule 'trust.change_from_drift' is not linear in its first 2 arguments"),
        ("places.pulled", pulled_down, ""),
        ("places.pulled", pulled_apart, "the new rule 'places.pulled' is not linear in its first argument."),
    ],
)
def test_what_a_week_does_to_all_residents_must_be_linear(monkeypatch, name, function, said):
    """Because it is done to a cell, and not to each of them (docs/model.md, 7.8)."""
    taken = []
    monkeypatch.setattr(compiled, "begun", lambda: False)
    monkeypatch.setattr(compiled, "replace_rule", lambda *given: taken.append(given[0]))
    if said:
        assert said in refused(name)(function)
        assert not taken
    else:
        own.rule(name)(function)
        assert taken == [name]


def test_a_rule_that_does_not_fit_is_refused_at_once(monkeypatch):
    monkeypatch.setattr(compiled, "begun", lambda: False)
    monkeypatch.setattr(compiled, "replace_rule", lambda *given: pytest.fail("a rule was replaced"))
    with pytest.raises(InputError, match=r"no rule 'trust.change_from_contct'(?s:.*)Did you mean 'trust.change_from_contact'"):
        own.rule("trust.change_from_contct")
    least = refused("trust.overall_trust")(lambda fairness, effectiveness, effectiveness_weight: min(fairness, effectiveness))
    assert "not linear in its first 2 arguments" in least and "Take a weighted sum" in least
    assert "not linear" in refused("trust.overall_trust")(lambda fairness, effectiveness, effectiveness_weight: 0.1 + 0.5 * fairness)
    assert "takes (effectiveness, loss), but the new one (loss)" in refused()(lambda loss: 0.0)

    def uses_a_module(effectiveness, loss):
        return np.exp(loss)

    def gives_nothing(effectiveness, loss):
        if loss > 0.9:
            return 1.0

    def is_wrong(effectiveness, loss):
        return loss + "a"

    assert "uses 'np', which is neither a number" in refused()(uses_a_module)
    assert "gives None with effectiveness=0.5, loss=0.5" in refused()(gives_nothing)
    assert "cannot be used" in refused()(is_wrong)
    assert "must be a plain function" in refused()(len)


def test_a_rule_may_use_numbers_mathematics_and_other_rules(monkeypatch):
    given = {}
    monkeypatch.setattr(compiled, "begun", lambda: False)
    monkeypatch.setattr(compiled, "replace_rule", lambda name, old, function, text: given.update(function=function, text=text))

    @own.rule("trust.change_from_victimization")
    def change(effectiveness, loss):
        return -HALF * exp(0.0) * logistic(0.0) * min(loss, effectiveness)

    assert given["function"](1.0, 1.0) == -0.25
    assert given["text"].endswith("# HALF = 0.5")


@pytest.mark.compiled
def test_a_model_with_a_reform_of_ones_own_is_seen_live(clean, monkeypatch):
    import ipyvuetify
    import reacton
    import solara

    own.reform("holiday")(Holiday)
    model = sim.Model(SMALL.with_(interventions=(Holiday(start=1),)), rng=3)
    drawn = []
    monkeypatch.setattr("matplotlib.axes.Axes.plot", lambda axes, *line: drawn.append(line))
    _, page = reacton.render(solara.AppLayout(children=[model.page("mean_trust", "week")]), handle_error=False)
    buttons = {button.children[-1]: button for button in page.find(ipyvuetify.Btn).widgets}
    for _ in range(2):
        buttons["Step"].click()
    assert model.week == 2 and model.parameters.encounter.stop_rate == 2.0
    assert ([0, 1, 2], [0.0, 1.0, 2.0]) in drawn and any(weeks == [0, 1, 2] and values[2] == model.mean_trust for weeks, values in drawn)
    buttons["Reset"].click()
    assert drawn[-1] == ([0], [0.0])
    page.close()


def test_a_reform_of_ones_own_runs_beside_those_of_the_package(clean, tmp_path):
    own.reform("holiday")(Holiday)
    study = sim.Study(
        name="Days off", scenario=SMALL, arms={"holiday": [{"holiday": {"start": 1, "share": 0.75}}]}, measures=["stops_per_adult"],
        replicates=2, at=[4], posterior="none",
    )  # fmt: skip
    comparison = sim.compare(study)  # which refuses if the placebo, at dose 0, did anything
    effect = comparison.effects().set_index("arm").effect
    assert effect["holiday"] < 0 and list(effect.index) == ["holiday"]
    assert "reform holiday" in comparison._repr_html_()
    assert "class Holiday" in json.loads(comparison.dataset.attrs["own_code"])["reform holiday"]
    with pytest.raises(InputError, match=r"'holiday.share' must be a number from 0 to 1"):
        study.with_(arms={"holiday": [{"holiday": {"start": 0, "share": 2}}]})
    made = Holiday(start=0)
    REFORMS["holiday"] = type("Holiday", (), {})
    with pytest.raises(InputError, match="Holiday is no reform, or no longer"):
        name_of(made)


def test_a_reform_that_lacks_something_is_refused(clean):
    class Loose:
        start = 0

    with pytest.raises(InputError, match="must be a frozen dataclass"):
        own.reform("loose")(Loose)
    with pytest.raises(InputError, match="lacks due, settings, act, running, dose, reads, writes, text, start"):
        own.reform("empty")(dataclass(frozen=True)(type("Empty", (), {})))
    with pytest.raises(InputError, match="fields that are no levers: start"):
        own.reform("bare")(dataclass(frozen=True)(type("Bare", (Holiday,), {"__annotations__": {"start": int}, "start": 0})))
    for name, message in (("training", "the package has a reform 'training'"), ("Day off", "no name for a reform")):
        with pytest.raises(InputError, match=message):
            own.reform(name)
    assert "holiday" not in REFORMS


def test_a_measure_of_ones_own_enters_sweeps_and_their_keys(clean, tmp_path):
    def define(text):
        space = {"own": own, "__name__": "__main__"}
        (tmp_path / "cell.py").write_text(text)
        exec(compile(text, tmp_path / "cell.py", "exec"), space)
        return space

    plain = sources()
    space = define(
        'FACTOR = 2.0\n@own.measure("crimes", "none")\ndef my_crimes(over):\n    """Crimes."""\n    return FACTOR * over.total("crimes")\n'
    )
    study = sim.Study(name="Mine", scenario=SMALL, measures=["my_crimes", "mean_trust"], vary={"reporting.trust_slope": [0, 6]},
                      design={"random": 2}, replicates=2, at=[4])  # fmt: skip
    made = sweep(study, tmp_path / "store")
    assert made.store.status().kept == 4 and np.isfinite(made.values("my_crimes")).all()
    assert "FACTOR = 2.0" in made.store.batch.made["own_code"]["measure my_crimes"]
    specs, points, job = [RunSpec(0, "baseline", 0)], study.points(), job_of(study)
    with_two = (sources(), keys(study, points, specs))
    space["FACTOR"] = 3.0
    assert sources() != with_two[0] and keys(study, points, specs) != with_two[1] and plain not in (with_two[0], sources())
    with pytest.raises(InputError, match="other code"):
        plan_of(job)
    with pytest.raises(InputError, match="never mixed"):
        made.extend(replicates=3)
    space["FACTOR"] = 2.0
    assert (sources(), keys(study, points, specs)) == with_two
    with pytest.raises(InputError, match=r"workers of 'processes' do not know code of your own: measure my_crimes"):
        sweep(study, tmp_path / "other", executor="processes")
    del MEASURES["my_crimes"]
    assert sources() == plain


def test_what_a_fingerprint_cannot_tell_is_refused(clean):
    frame = np.zeros(3)

    def reads_an_array(over):
        """An array."""
        return over.total("crimes") + frame

    with pytest.raises(InputError, match=r"the measure 'reads_an_array' uses 'frame', an? ndarray"):
        own.measure("crimes", "none")(reads_an_array)

    halved = partial(max, 0.5)

    def uses_a_partial(over):
        """A function that holds a number nobody sees."""
        return halved(over.total("crimes"))

    with pytest.raises(InputError, match="uses 'halved', a partial"):
        own.measure("crimes", "none")(uses_a_partial)

    def says_nothing(over):
        return 1

    with pytest.raises(InputError, match="has no docstring"):
        own.measure("crimes", "none")(says_nothing)
    exec("def cost(over):\n    'Mine.'\n    return 1", space := {})
    with pytest.raises(InputError, match="the package has a measure 'cost'"):
        own.measure("crimes", "none")(space["cost"])
    exec("def hidden(over):\n    'Mine.'\n    return 1", space := {"__name__": "__main__"})
    with pytest.raises(InputError, match="the text of the measure 'hidden' cannot be found"):
        own.measure("crimes", "none")(space["hidden"])


def test_a_function_is_told_with_its_defaults_and_the_functions_it_uses():
    def half(x, share=HALF):
        return share * x

    def quarter(x):
        return half(half(x)) if x else quarter(1)

    text = own.code_of(quarter, "the function")
    assert "return share * x" in text and "its defaults = tuple(0.5)" in text and text.count("def quarter") == 1


def test_a_reform_is_told_with_its_methods_and_what_they_use():
    text = own.code_of(Holiday, "the reform")
    assert "share: " in text and "Share of the week without stops" in text and "4.0 * (1.0 - self.share)" in text
    assert "due = sim.world.reforms.common.bounds_before" in text and "0x" not in text
    assert own.texts() == {}, "it was told, not registered"


@pytest.mark.compiled
def test_threads_know_code_of_ones_own(clean):
    own.reform("holiday")(Holiday)
    with executor("threads", 1) as pool:
        assert list(pool.submit(own.texts).result()) == ["reform holiday"]
