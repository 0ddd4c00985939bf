"""What a validation leaves: its file, its page and figures; the command; and the page that is committed."""

import json
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from sim.artifacts.checking import SEAL, signed
from sim.artifacts.posterior import Posterior, posterior_files, shipped_posteriors
from sim.cli import main
from sim.cli.validate import findings_table, remarks
from sim.errors import InputError
from sim.figures.validation import FIGURES, rows_of_patterns, save_figures
from sim.files.writing import write
from sim.inputs.patterns import PatternCheck, patterns
from sim.inputs.scenario import CitySize, Scenario, load_scenario
from sim.report.assumed import checks_table
from sim.report.words import LANGUAGES, Words
from sim.style import read
from sim.validation.controls import Controlled, Lost
from sim.validation.holdouts import Held, Reset
from sim.validation.jobs import carried_out, findings, in_one_city, plan
from sim.validation.page import FOLDER, PAGES, PageWords, figure_file, page, pattern_cells
from sim.validation.record import FILE, Validation, load
from sim.validation.run import cities
from sim.validation.targets import controls, faults, holdouts
from sim.world.parameters import CODEBOOK

ROOT = Path(__file__).parents[2]
SMALL = Scenario(name="small", city=CitySize(adults=2000), spin_up_weeks=4, seed=3)


def prior():
    """A posterior that has learned nothing about one parameter."""
    name = "trust.contact_loss"
    draws = CODEBOOK[name].value * np.linspace(0.9, 1.1, 10)[:, None]
    return Posterior("made-up", (name,), draws, np.full(10, 0.1))


@pytest.fixture(scope="module")
def small_validation():
    base = cities(SMALL, prior(), 2)
    jobs = plan(base, ["P01", "P06", "P07", "P12", "P29"])
    found = carried_out(jobs)
    made = findings(jobs, found, posterior=True)
    assert set(in_one_city(jobs, found, SMALL)) >= {"share_trusting", "interaction_d"}
    era, place = holdouts()["mexico-2011-2019"], holdouts()["merida"]
    rows = [Held(each.id, n, c.measure, c.change, c.low + 0.1 * n, c.low, c.high, 0.5, n == 0) for each in (era, place)
            for n, c in enumerate(each.checks)]  # fmt: skip
    resets = [Reset(each.id, level.measure, level.by, 0.1, level.target, level.target) for each in (era, place) for level in each.levels]
    control = Controlled(next(iter(controls())), 0, "P31", 0.25, 0.01, False)
    lost = Lost(control.control, "P06", 0.5, 0.7)
    return Validation("small", tuple(made), "made-up", 3, "abc", tuple(resets), tuple(rows), (control,), (lost,))


def test_it_comes_back_from_its_file(small_validation, tmp_path):
    small_validation.save(tmp_path)
    again = load(tmp_path)
    assert page(again) == page(small_validation)
    assert again.resets == small_validation.resets and again.held == small_validation.held and again.lost == small_validation.lost
    assert again.save(tmp_path / "again")[0].read_text() == (tmp_path / FILE).read_text()
    assert load(tmp_path / "nowhere") is None


@pytest.mark.parametrize(
    ("section", "change"),
    [("findings", {"value": "high"}), ("findings", {"extra": 1}), ("held", {"holdout": "Atlantis"}), ("held", {"number": 99}),
     ("controls", {"held": 1}), ("lost", {"usual": True}), ("resets", {"shift": "far"})],
)  # fmt: skip
def test_a_file_that_was_changed_is_refused(small_validation, tmp_path, section, change):
    path = small_validation.save(tmp_path)[0]
    data = json.loads(path.read_text())
    data[section][0] |= change
    path.write_text(json.dumps(signed({name: value for name, value in data.items() if name != SEAL})))
    with pytest.raises(InputError, match="holds no pattern checks"):
        load(tmp_path)


def test_the_page_puts_failures_first_and_says_what_they_mean(small_validation):
    text = page(small_validation)
    failed = [each.pattern for each in small_validation.failed()]
    assert failed and all(" ".join(pattern.means.split()) in text for pattern in failed)
    assert text.index("## Failures first") < text.index("## All patterns")
    era = text.split("### Mexico, 2011-2019")[1].split("###")[0]
    verdicts = [line.split(" | ")[4] for line in era.splitlines() if line.startswith("| ") and "---" not in line][1:]
    assert verdicts == ["**FAIL**"] * (len(verdicts) - 1) + ["pass"]
    assert "| **NO** |" in text and "P06 (50.0 % to 70.0 %)" in text
    assert "Mérida, P03" in text  # a fault of structure behind a failed check
    lines = {line.count("|") for line in text.splitlines() if line.startswith("| P") and "Cohen" in line}
    assert len(lines) == 1


def test_in_spanish_it_is_the_same_page(small_validation):
    """Same numbers, and nothing of what targets.yaml says is left in English."""
    english, spanish = page(small_validation), page(small_validation, language="es")
    assert "**FALLA**" in spanish and "](../validation/patterns-es.png)" in spanish and "Lo hace `make validation`" in spanish
    numerals = [sorted(re.findall(r"\d+(?:\.\d+)?", re.sub(r"(?<=\d)[,\u202f](?=\d{3})", "", text))) for text in (english, spanish)]
    assert numerals[0] == numerals[1]
    texts = read("es")["texts"]
    said = [text for each in holdouts().values() for text in (each.name, each.text, *(row.note for row in (*each.levels, *each.checks)))]
    said += [text for name, control in controls().items() for text in (name, *(expected.text for expected in control.expect))]
    assert {" ".join(text.split()) for text in (*said, *(fault.text for fault in faults()))} - texts.keys() == set()


def test_without_failures_the_page_says_so(small_validation):
    good = Validation("small", tuple(each for each in small_validation.findings if each.passed is not False), "made-up", 3, "abc")
    text = page(good)
    assert "No pattern fails." in text and "None of the known ones" in text and "switched off" not in text


@pytest.mark.parametrize("draws", [19, 20])
def test_of_few_draws_no_range_and_no_share(small_validation, draws):
    """On the page, in the table of the command, in the figure and in reports of both languages."""
    found = replace(small_validation, findings=tuple(each._replace(replicates=draws, inside=0.5) for each in small_validation.findings))
    judged = next(each for each in found.findings if each.passed is not None)
    cells = pattern_cells(judged)
    count = f"{round(draws / 2)} of {draws}"
    assert (" (" in cells[3]) == (draws == 20) and cells[4] == ("50 %" if draws == 20 else count)
    row = next(row for row in findings_table(found).rows if row[0] == judged.pattern.id)
    assert (row[4] == "-") == (draws == 19) and row[5] == cells[4]
    mark = rows_of_patterns(found, PageWords("en"))[0][1][0]
    assert (mark.first == mark.last == mark.value) == (draws == 19)
    for language in LANGUAGES:
        words = Words(language)
        table = checks_table(found, words)
        row = next(row for row in table.rows if row[0] == judged.pattern.id)
        assert (row[4] == "-") == (draws == 19)
        assert row[5] == (words.say("answer.percent", share="50") if draws == 20 else words.say("answer.count", count="10", of="19"))
        assert {"en": "possible cities", "es": "ciudades posibles"}[language] in table.caption
    said = " ".join(remarks(found, SMALL))
    assert "Draws are possible cities" in said and ("there is no 5-95 % range" in said) == (draws == 19)
    assert "other luck" in " ".join(remarks(replace(found, posterior=None), SMALL)) and "±" not in said + page(found)


def test_values_as_people_write_them():
    span, shown = PageWords("en").span, PageWords("en").shown
    assert span(0.47, 0.57, "share") == "47.0 to 57.0 %" and span(-0.08, -0.04, "share", change=True) == "-8.0 to -4.0 points"
    assert span(None, 1.0, "share") == "-" and shown(float("nan"), "share") == "-"
    assert span(22000, 25000, "victims per 100,000 adults a year") == "22,000 to 25,000"
    assert PageWords("es").span(-0.08, 22000, "crimes") == "-0.080 a 22\u202f000"
    assert PageWords("es").span(-0.08, -0.04, "share", change=True) == "-8.0 a -4.0 puntos"


def test_figures_are_drawn_and_do_not_change(small_validation, tmp_path):
    (tmp_path / "again").mkdir()
    paths = save_figures(small_validation, tmp_path)
    assert [path.name for path in paths] == [figure_file(name, language) for language in PAGES for name in FIGURES]
    again = save_figures(small_validation, tmp_path / "again")
    assert [path.read_bytes() for path in paths] == [path.read_bytes() for path in again]
    assert all(20_000 < path.stat().st_size < 400_000 for path in paths)


# --- The command, and what is committed


@pytest.fixture
def posterior_file(tmp_path):
    write(tmp_path, posterior_files(prior()))
    return tmp_path / "made-up.csv"


def confianza(capsys, *arguments):
    with pytest.raises(SystemExit) as stopped:
        main(list(arguments))
    said = capsys.readouterr()
    return stopped.value.code, said.out, said.err


TINY = ("--set", "city.adults=1000", "--set", "spin_up_weeks=4")


@pytest.mark.compiled
def test_the_command_draws_from_a_posterior(capsys, posterior_file, tmp_path, monkeypatch):
    monkeypatch.setattr("sim.instruments.contrasts.WEEKS_AFTER_SHIFT", 52)
    small = {key: pattern for key, pattern in patterns().items() if key not in ("P20", "P21", "P30", "P36")}
    monkeypatch.setattr("sim.validation.jobs.patterns", lambda: small)
    out = tmp_path / "out"
    command = ("validate", "national-average", "--posterior", str(posterior_file), "--draws", "2", "--out", str(out), *TINY)
    code, said, _ = confianza(capsys, *command)
    assert code == 0 and "2 draws of the posterior made-up" in said and "median" in said and "fit: " in said
    assert load(out).posterior == "made-up"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--posterior", "atlantis"), "there is no posterior 'atlantis'"),
        (("--posterior", "none", "--draws", "4"), "--draws: there is no posterior to draw from"),
        (("--replicates", "2", "--draws", "4"), "--replicates: a posterior has draws"),
        (("--replicates", "2", "--page", "x.md"), "--page: the page is about the country"),
        (("--posterior", "FILE", "--draws", "1"), "--draws: must be a whole number from 2"),
    ],
)
def test_options_that_contradict(capsys, posterior_file, options, message):
    options = [str(posterior_file) if option == "FILE" else option for option in options]
    code, _, err = confianza(capsys, "validate", "national-average", *options)
    assert code == 2 and message in err


def test_the_scenarios_own_posterior_is_used(monkeypatch):
    from sim.cli import validate

    monkeypatch.setattr(validate, "taken_by_default", lambda name: name == "merida")
    monkeypatch.setattr(validate, "load_posterior", lambda name: SimpleNamespace(name=name))
    assert validate.posterior_of(load_scenario("merida"), None, None, None).name == "merida"
    assert validate.posterior_of(load_scenario("ecatepec"), None, None, None) is None
    assert validate.posterior_of(load_scenario("merida"), "none", None, None) is None
    assert validate.posterior_of(load_scenario("merida"), None, None, 4) is None


def test_the_committed_page_says_what_its_data_say():
    found = load(ROOT / "docs" / FOLDER)
    if found is None:
        assert "national-average" not in shipped_posteriors(), "make validation"
        return
    for language, name in PAGES.items():
        assert (ROOT / "docs" / name).read_text(encoding="utf-8") == page(found, language=language)
    assert all((ROOT / "docs" / FOLDER / figure_file(name, language)).is_file() for language in PAGES for name in FIGURES)
    assert found.posterior == "national-average" and {row.holdout for row in found.held} == set(holdouts())
    assert {finding.pattern.id for finding in found.findings} == set(patterns())
    for row in found.findings:  # ranges may have been moved since
        assert isinstance(row, PatternCheck) and (row.passed is None or row.passed == row.pattern.verdict(row.value))
    for check in found.held:
        wanted = holdouts()[check.holdout].checks[check.number]
        assert check.passed == (wanted.low <= check.value <= wanted.high)


def test_the_readme_says_what_the_record_says():
    """Each count of the record's, as the page has it in bold, stands in README's bold counts."""
    page, readme = ((ROOT / name).read_text(encoding="utf-8") for name in ("docs/validation.md", "README.md"))
    line = next(line for line in page.splitlines() if "The model meets" in line)
    fit, check, elsewhere = (tuple(map(int, pair)) for pair in re.findall(r"(\d+) of (\d+)", line)[:3])
    told = re.search(r"meets (\d+) of (\d+) \*fit\*\s+patterns and \*\*(\d+) of (\d+)\*\*.+?it meets \*\*(\d+) of (\d+)\*\*", readme, re.S)
    assert told and tuple(map(int, told.groups())) == (*fit, *check, *elsewhere)
