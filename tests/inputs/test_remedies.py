"""A remedy that names a number is right: followed, it is accepted, and it is what was meant. For all numbers, from every entry."""

import re
from collections.abc import Iterator

import pytest

from sim.artifacts.posterior import load_posterior
from sim.calibration.layers import load_targets
from sim.cli import main
from sim.errors import InputError
from sim.inputs.file_kinds import KINDS, kind_of
from sim.inputs.patterns import patterns
from sim.inputs.scenario import CitySize, Scenario, load_scenario
from sim.inputs.scenario_files import shipped_folder
from sim.remedies import number_remedy
from sim.studies.design.factors import all_levers, allowed_of, factor
from sim.studies.design.study_files import load_study
from sim.studies.design.tables import points_table
from sim.trials.design import load_trial
from sim.world.anatomy import built_only
from sim.world.parameters import CODEBOOK

NAMED = re.compile(r"write (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)")
RANGES = {name: (known.low, known.high, known.discrete) for name, known in CODEBOOK.items()}
CITY = {
    f"city.{key}": (*(next(getattr(m, end) for m in field.metadata if hasattr(m, end)) for end in ("ge", "le")), key == "adults")
    for key, field in CitySize.model_fields.items()
    if key not in ("width", "height")
}
LEVERS = {name: allowed_of(name)[:3] for name in all_levers() if not allowed_of(name).choices}


def meant(low, high, whole) -> Iterator[float]:
    """Numbers of the range as people would give them."""
    for place in (0.03, 0.2, 0.5, 0.9):
        for digits in (0, 1, 2, 3):
            value = round(low + place * (min(high, 1e6) - low), digits)
            if low <= value <= high and not (whole and digits):
                yield int(value) if digits == 0 else value


def written(value, low, high, whole) -> Iterator[tuple[object, bool]]:
    """Ways to write it that are refused, and whether each can be read in one way only."""
    text, fraction = f"{value:.12g}", f"{value:.12g}".partition(".")[2]
    yield f"'{text}'", True
    if fraction:
        yield text.replace(".", ","), len(fraction) != 3 or abs(value) < 1
    if value < 0:
        yield text.replace("-", "\u2212"), True
    if value == int(value) and abs(value) >= 1000:
        yield f"{int(value):,}", abs(value) >= 1e6
        yield f"{int(value):,}".replace(",", "\u00a0"), True
        yield f"{int(value):,}".replace(",", "."), abs(value) >= 1e6
    if low >= 0 and high <= 1 and not whole:
        yield f"{100 * value:.12g} %", True
        yield f"{100 * value:.12g}%".replace(".", ","), True
        if value * 100 > high:
            yield float(f"{100 * value:.12g}"), True
    if whole and value:
        yield float(value), True
        yield f"0{int(value)}" if value > 0 else f"-0{-int(value)}", True


def as_yaml(bad) -> str:
    """The text in quotes, as a spreadsheet or a form gives it, or the bare number."""
    return f'"{bad}"' if isinstance(bad, str) else repr(bad)


def remedy_of(take, bad) -> str | None:
    """The remedy for what is refused; None if it is taken."""
    try:
        take(bad)
    except InputError as error:
        return error.remedy
    return None


def by_set(name):
    return lambda given: Scenario(name="x", spin_up_weeks=2000, weeks=5200).with_set([f"{name}={given}"])


def by_python(name):
    return lambda given: Scenario(name="x", parameters={name: given}) if name in CODEBOOK else Scenario(name="x").with_(**{name[5:]: given})


def by_change(name):
    return lambda given: Scenario(name="x", changes=[{"week": 3, "set": {name: given}}])


def by_vary(name):
    return lambda given: factor(name, {"normal": {"mean": given, "sd": 1}} if name in CODEBOOK else {"draws": [given, given]})


def by_points(name):
    return lambda given: points_table(f'{name}\n"{given}"\n', None, "points.csv")


def by_lever(name):
    reform, lever = name.split(".")
    levers = {"start": 0} | ({"until": 5199} if lever == "start" and reform == "x" else {})
    return lambda given: Scenario(name="x", spin_up_weeks=2000, weeks=5200, interventions=[{reform: levers | {lever: given}}])


ENTRIES = [
    *((f"--set {name}", by_set(name), RANGES[name]) for name in RANGES if not name.startswith("survey.")),  # whose cuts must ascend
    *((f"--set {name}", by_set(name), CITY[name]) for name in CITY),
    *((f"python {name}", by_python(name), {**RANGES, **CITY}[name]) for name in (*RANGES, *CITY) if not name.startswith("survey.")),
    *((f"change {name}", by_change(name), RANGES[name]) for name in RANGES if not built_only(name) and not name.startswith("survey.")),
    *((f"points {name}", by_points(name), {**RANGES, **LEVERS}[name]) for name in (*RANGES, *LEVERS)),
    *((f"lever {name}", by_lever(name), LEVERS[name]) for name in LEVERS if not name.endswith((".until", ".start"))),
    *((f"vary {name}", by_vary(name), LEVERS[name]) for name in LEVERS),
]


@pytest.mark.parametrize("entry", ["--set", "python", "change", "points", "lever", "vary"])
def test_every_remedy_that_is_followed_is_accepted_and_is_what_was_meant(entry):
    seen = 0
    for label, take, (low, high, whole) in (one for one in ENTRIES if one[0].startswith(f"{entry} ")):
        for value in meant(low, high, whole):
            for bad, sure in written(value, low, high, whole):
                remedy = remedy_of(take, bad)
                if remedy is None:  # taken as it is: a CSV or the command line reads 20.0 as 20
                    continue
                named = [float(found) for found in NAMED.findall(remedy)]
                told = f"{label}: {bad!r} for {value}: {remedy}"
                assert any(abs(found - value) <= 1e-9 * max(1, abs(value)) for found in named), told
                assert len(named) == 1 or not sure, told
                for found in NAMED.findall(remedy):
                    number = int(found) if re.fullmatch(r"-?\d+", found) else float(found)
                    assert remedy_of(take, number) is None, f"{told}\n{remedy_of(take, number)}"
                seen += 1
    assert seen > 100


@pytest.mark.parametrize("name", [*list(CODEBOOK)[::9], *CITY])
def test_a_file_says_the_same(name, tmp_path):
    low, high, whole = {**RANGES, **CITY}[name]
    path = tmp_path / "x.yaml"
    for value in meant(low, high, whole):
        for bad, _ in written(value, low, high, whole):
            where = f"city: {{{name[5:]}: {as_yaml(bad)}}}" if name in CITY else f"parameters:\n  {name}: {as_yaml(bad)}"
            path.write_text(f"name: x\n{where}\n", encoding="utf-8")
            remedy = remedy_of(load_scenario, path)
            if remedy is None:
                continue
            for found in NAMED.findall(remedy):
                path.write_text(f"name: x\n{where.replace(as_yaml(bad), found)}\n", encoding="utf-8")
                load_scenario(path)


@pytest.mark.parametrize("pattern", [one for one in patterns().values() if one.role == "fit" and one.unit.startswith("share")], ids=str)
@pytest.mark.parametrize(("bad", "value"), [("41", 0.41), ('"41 %"', 0.41), ('"41,5 %"', 0.415), ('"0,41"', 0.41), ("41.5", 0.415)])
def test_the_share_of_a_target_is_named(pattern, bad, value, tmp_path):
    path = tmp_path / "targets.yaml"
    text = f"{pattern.id}: {{value: {{}}, sampling_error: 0.01, discrepancy: 0, why: x, sources: [assumed]}}"
    path.write_text(text.replace("{}", bad))
    with pytest.raises(InputError) as caught:
        load_targets("national-average", [path])
    (found,) = NAMED.findall(caught.value.remedy)
    assert float(found) == value and caught.value.line == 1
    path.write_text(text.replace("{}", found))
    assert next(one for one in load_targets("national-average", [path]) if one.id == pattern.id).value == value


@pytest.mark.parametrize(
    ("value", "given", "phrase"),
    [
        ("1,500", (-1e12, 1e12), "in two ways: write 1500 for thousands, or write 1.5 with a decimal point"),
        ("1,500", (0, 10), "Use a decimal point: write 1.5"),
        ("1,500", (1000, 10**7, True), "Leave out the comma: write 1500"),
        ("1.234,5", (0, 1e6), "write 1234.5"),
        ("1,234.5", (0, 1e6), "write 1234.5"),
        ("1.234.567", (0, 1e9), "Leave out the points: write 1234567"),
        ("20 000", (1000, 10**7, True), "write 20000"),
        ("26 weeks", (4, 520, False, "weeks"), "Leave out the unit: write 26"),
        ("6 months", (4, 520, False, "weeks"), "Write a plain number"),
        ("350 %", (0, 1), "without a percent sign"),
        ("1,5", (0, 1), "If 1.5 % was meant, write 0.015"),
        ("12:30", (0, 1), "no colon"),
        ("yes", (0, 1), "yes-or-no"),
        (".nan", (0, 1), "finite"),
        ("", (0, 1), "Write a plain number"),
        (2.5, (1, 9, True), ""),
        (True, (0, 1), ""),
        (None, (0, 1), ""),
        (41, (0, 1), "If 41 % was meant, write 0.41"),
        (0.015, (0.1, 20), ""),
    ],
)
def test_what_is_said_of_numbers(value, given, phrase):
    remedy = str(number_remedy(value, *given))
    assert phrase in remedy if phrase else remedy == ""


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("city:\n\tadults: 2000\n", 3),
        ("question: a\n\tb: c\n", 3),
        ("parameters:\n  trust.contact_gain: 0.1\n\ttrust.contact_loss: 0.1\n", 4),
        ("assumptions:\n-\ta\n- b\n", 3),
        ("\tweeks: 3\n", 2),
        ("changes:\n\t- week: 3\n", 3),
        ("city:\n  \tadults: 2000\n", 3),
    ],
)
def test_tabs_are_called_tabs(text, line, tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text(f"name: X\n{text}")
    with pytest.raises(InputError) as caught:
        load_scenario(path)
    assert "tab" in caught.value.message and caught.value.line == line and "spaces" in caught.value.remedy
    path.write_text("name: X\nquestion: |\n  a\tb\n  \tc\nweeks:\t30\n")  # tabs within a text, and before a value, are YAML
    assert load_scenario(path).question == "a\tb\n\tc\n"


@pytest.fixture(scope="module")
def one_of_each(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kinds")
    texts = {
        "scenario.yaml": "name: x\ncity: {adults: 1000}\n",
        "study.yaml": "name: x\nscenario: national-average\narms: {a: [{training: {start: 0}}]}\n",
        "trial.yaml": "name: x\nscenario: national-average\n"
        "treatment: [{training: {start: 0, coverage: 1}}]\noutcomes: [share_trusting]\nendline: 26\n",
        "targets.yaml": "P06: {value: 0.4, sampling_error: 0.01, discrepancy: 0, why: x, sources: [assumed]}\n",
        "points.csv": "point,trust.contact_gain,purge.follow_through\n0,0.1,0.2\n1,0.2,0.3\n",
        "posterior.csv": "trust.contact_gain,weight\n0.1,1\n0.2,1\n",
        "facts.yaml": (shipped_folder() / "posteriors" / "national-average.yaml").read_text(encoding="utf-8"),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return {name.partition(".")[0]: folder / name for name in texts}


def load_points(path):
    study = path.parent / "of.yaml"
    study.write_text(f"name: x\nscenario: national-average\narms: {{a: [{{purge: {{start: 0}}}}]}}\ndesign: {{csv: '{path}'}}\n")
    return load_study(study)


READERS = {
    "scenario": load_scenario, "study": load_study, "trial": load_trial, "points": load_points, "posterior": load_posterior,
    "targets": lambda path: load_targets("national-average", [path]),
}  # fmt: skip


@pytest.mark.parametrize("wanted", READERS)
def test_a_file_in_the_wrong_place_is_called_by_its_name(wanted, one_of_each):
    assert set(one_of_each) == set(KINDS)
    for kind, path in one_of_each.items():
        assert kind_of(path) == kind
        if kind == wanted:
            READERS[wanted](path)
            continue
        with pytest.raises(InputError) as caught:
            READERS[wanted](path)
        assert f"this is {KINDS[kind].name}, not {KINDS[wanted].name}" in caught.value.message
        assert path.name in caught.value.remedy or kind == "facts"


def test_commands_say_which_one_takes_a_file(one_of_each, capsys):
    for verb, kind, takes in (
        ("run", "study", "confianza compare"),
        ("compare", "scenario", "confianza run"),
        ("trial", "study", "compare"),
    ):
        with pytest.raises(SystemExit) as ended:
            main([verb, str(one_of_each[kind])])
        assert ended.value.code == 2 and takes in capsys.readouterr().err


def test_a_table_of_targets_is_told_how_targets_are_written(tmp_path):
    path = tmp_path / "targets.csv"
    path.write_text("pattern,value\nP06,0.41\n")
    with pytest.raises(InputError) as caught:
        load_targets("national-average", [path])
    assert "YAML" in caught.value.message and "P06: {value:" in caught.value.remedy and "My city" not in str(caught.value)
    empty = tmp_path / "empty.yaml"
    empty.write_text("")
    assert "P06: {value:" in remedy_of(lambda given: load_targets("national-average", [given]), empty)
