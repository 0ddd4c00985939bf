"""The report: valid HTML that needs nothing from outside, true to the results, complete in both languages, safe from what people write."""

import base64
import re
from itertools import pairwise
from pathlib import Path
from string import Formatter

import html5lib
import numpy as np
import pytest
from hostile import check_scripts

from sim.artifacts.results import Results
from sim.cli import main
from sim.errors import InputError
from sim.figures import series as plots
from sim.inputs.patterns import PatternCheck, patterns
from sim.inputs.places import KINDS
from sim.inputs.scenario import Change, CitySize, Scenario, load_scenario, shipped_scenarios
from sim.measures import MEASURES, recorded
from sim.measures.spread import spread
from sim.measures.voice_measures import VOICE_MEASURES
from sim.report import breakable, render, write_report
from sim.report.assumed import changed_table, contested_table, cost_table, dated_table, miss, reform_text
from sim.report.runs import answer, findings, summary_tables, voices_table
from sim.report.words import LANGUAGES, Words
from sim.studies.design.study_files import load_study
from sim.studies.running.runs import run
from sim.style import read
from sim.validation.record import FILE, Validation
from sim.world.parameters import CODEBOOK, REFERENCES
from sim.world.reforms import REFORMS, levers

EVIL = '<script>alert(1)</script>"><img src=x onerror=alert(2)> & {{ 7 * 7 }}'
SCENARIO = Scenario(
    name=EVIL,
    question=f"What if {EVIL}?",
    city=CitySize(adults=1000, width=5, height=4),
    weeks=104,
    spin_up_weeks=52,
    seed=7,
    parameters={"conduct.mean": -0.9, "reporting.trust_slope": 2},
    changes=(Change(week=26, set={"response.capacity": 0.5}),),
    sources={"conduct.mean": "ensu2020", "city.adults": "assumed"},
    assumptions=(f"Nothing else, says {EVIL}.",),
)


@pytest.fixture(scope="module")
def results():
    return run(SCENARIO, replicates=3)


@pytest.fixture(scope="module")
def folder(results, tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    results.save(folder)
    return folder


@pytest.fixture(scope="module", params=LANGUAGES)
def page(folder, request):
    return render(folder, request.param)


@pytest.fixture(scope="module")
def tree(page):
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)


def text(element):
    return re.sub(r"[ \n]+", " ", "".join(element.itertext())).replace("\u00a0%", " %").strip()


def test_it_is_valid_html_in_its_language(page, tree):
    assert page.startswith("<!DOCTYPE html>")
    assert tree.get("lang") in LANGUAGES
    assert text(tree.find("head/title"))
    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    wanted = [element.get("aria-labelledby") for element in tree.iter() if element.get("aria-labelledby")]
    wanted += [link.get("href")[1:] for link in tree.iter("a") if link.get("href").startswith("#")]
    assert len(wanted) > 10 and set(wanted) <= set(ids)


def test_headings_are_in_order(tree):
    levels = [int(element.tag[1]) for element in tree.iter() if re.fullmatch("h[1-6]", str(element.tag))]
    assert levels.count(1) == 1 and levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_figure_says_the_same_in_words(tree):
    figures = list(tree.iter("figure"))
    assert len(figures) == len(plots.FIGURES) == len(list(tree.iter("img")))
    for figure in figures:
        assert len(figure.find(".//img").get("alt")) > 60
        assert len(text(figure.find("figcaption"))) > 60
        assert "{" not in figure.find(".//img").get("alt")


def test_nothing_is_loaded_from_outside(page, tree):
    assert not [element for element in tree.iter() if element.tag in ("link", "iframe", "object", "embed", "form", "base")]
    check_scripts(tree)
    assert len(list(tree.iter("script"))) == 3
    for element in tree.iter():
        for name, value in element.attrib.items():
            assert not name.startswith("on"), value
            if name in ("src", "srcset", "poster", "data", "action", "background"):
                assert value.startswith("data:image/svg+xml;base64,")
                inside = base64.b64decode(value.partition(",")[2]).decode()
                assert not [link for link in re.findall(r'href="([^"]*)"', inside) if not link.startswith(("#", "data:image/png"))]
                assert "<script" not in inside
            if name == "href":
                assert element.tag == "a" and value.startswith(("#", "http://", "https://", "report.", "data:text/csv;base64,"))
    style = page.partition("<style>")[2].partition("</style>")[0]
    assert "@media print" in style and "max-width" in style
    assert not re.search(r"url\(|@import|expression", style)


def test_what_people_write_is_only_text(page, tree):
    assert EVIL in text(tree.find("body//h1"))
    assert EVIL in text(tree)
    assert page.count("<script") == 3 and "<img src=x" not in page
    assert "{{ 7 * 7 }}" in page
    assert [image.get("src")[:5] for image in tree.iter("img")] == ["data:"] * len(plots.FIGURES)


def test_the_page_is_the_same_every_time(folder, page, tree):
    assert render(folder, tree.get("lang")) == page


def test_tables_hold_the_summary(results, page, tree):
    words = Words(tree.get("lang"))
    rows = {text(row[0]): [text(cell) for cell in row[1:]] for row in tree.iter("tr")}
    captions = " ".join(text(caption) for caption in tree.iter("caption"))
    still = [name for name in recorded() if words.measure(name) not in rows]
    assert all(words.measure(name) in captions and not results[name].any() for name in still), "named, because all is 0"
    found = spread(results["incidence"])
    assert rows[words.measure("incidence")][2] == words.spread(found)
    found = spread(100 * results["reporting_rate"])
    assert rows[words.measure("reporting_rate")][2] == words.spread(found)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("many", [1, 3, 21])
@pytest.mark.parametrize("weeks", [60, 104])
def test_the_summary_says_what_it_shows(results, language, many, weeks):
    """The middle, never called a mean, nothing behind a ±; and of years that overlap no change."""
    words = Words(language)
    found = Results(results.dataset.isel(replicate=np.arange(many) % 3).sel(week=slice(None, weeks - 1)))
    tables = summary_tables(found, words)
    said = " ".join([tables[0].caption, answer(found, words), words["figures"]["reporting"]["caption"]])
    assert not [word for word in ("mean of", "means", "on average", "media de ", "medias", "promedio") if word in said]
    assert "±" not in f"{said} {tables}" and {len(row) for table in tables for row in table.rows} == {len(tables[0].columns)}
    assert (words["columns"]["change"] in tables[0].columns) == (words["columns"]["says"] in tables[0].columns) == (weeks == 104)
    assert (words["columns"]["precision"] in tables[0].columns) == (weeks == 104 and many == 3)
    assert (words["tables"]["summary_overlap"] in tables[0].caption) == (weeks == 60)
    assert all("{" not in cell for cell in (tables[0].caption, *tables[0].columns))


@pytest.mark.parametrize("language", LANGUAGES)
def test_tables_of_many_replicates_hold_their_range(results, language):
    words = Words(language)
    many = Results(results.dataset.isel(replicate=np.arange(21) % 3))
    rows = {row[0]: row for table in summary_tables(many, words) for row in table.rows}
    found = spread(many["incidence"])
    assert found.ranged and rows[words.measure("incidence")][3] == words.spread(found) and words.reach(found) in words.spread(found)


@pytest.mark.parametrize("language", LANGUAGES)
def test_measures_taken_beside_the_runs_have_a_table_and_are_asked_for_again(results, language):
    words = Words(language)
    asked = Results(results.dataset.assign(peer_elasticity=("replicate", np.array([0.5, 0.6, 0.7]))))
    (table,) = [one for one in summary_tables(asked, words) if words.measure("peer_elasticity") in [row[0] for row in one.rows]]
    assert len(table.rows) == 1 and table.rows[0][3].startswith(words.number(0.6, 2)) and table.title == words["groups"]["beside"]
    assert "--measure peer_elasticity" in findings(asked, words).commands[0] and "--measure" not in findings(results, words).commands[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_voices_have_one_table_that_says_how_exactly_they_are_known(results, language):
    words, data = Words(language), results.dataset
    solved = data.question == "complainants_solved"
    nobody = data.assign(voices=data.voices.where(~solved), voices_asked=data.voices_asked.where(~solved, 0))
    (table,) = voices_table(Results(nobody), words)
    rows = {row[0]: row[1:] for row in table.rows}
    assert len(rows) == len(VOICE_MEASURES) and table.title == words["groups"]["voices"] and "{" not in table.caption
    assert rows[words.measure("complainants_solved")][1:3] == [words.number(0), words["tables"]["nobody"]]
    found = results.voices().set_index("measure").loc["stopped_felt_bad"]
    unit, asked, answer, error = rows[words.measure("stopped_felt_bad")]
    assert (unit, asked) == (words.unit("share of those stopped"), words.number(found.asked))
    assert answer == words.spread(spread(100 * results["stopped_felt_bad"])) and error == words.number(100 * found.standard_error, 1)
    assert not [row for one in summary_tables(results, words) for row in one.rows if row[0] in rows], "and they are nowhere else"
    assert voices_table(Results(data.isel(survey_week=slice(0, 0))), words) == []


def test_what_was_assumed_is_said(page, tree):
    words = Words(tree.get("lang"))
    rows = {text(row[0]): [text(cell) for cell in row[1:]] for row in tree.iter("tr")}
    shown = rows["conduct.mean"]
    assert shown[1:3] == [words.number(-0.9), words.number(CODEBOOK["conduct.mean"].value)]
    assert shown[4:] == ["ensu2020", words["statuses"]["scenario"]]
    assert rows["city.adults"][1] == words.number(1000) and rows["city.adults"][4:] == [words["statuses"]["assumed"]] * 2
    assert rows["26"] == ["response.capacity = 0.5", words["statuses"]["unsourced"]]
    assert {name for name, known in CODEBOOK.items() if known.status == "contested"} <= rows.keys()
    assert rows["reporting.trust_slope"][1] == "2"
    assert text(tree).count("confianza run scenario.yaml --replicates 3") == 1


def moved(results, by):
    """The same results with another course of trust: `by` is added from the 26th week on, one number a replicate."""
    later = results.dataset.week >= 26
    shift = results.dataset.mean_trust.dims
    change = np.asarray(by)[:, None] * later.values[None, :]
    return Results(results.dataset.assign(mean_trust=(shift, results.dataset.mean_trust.mean().values + change)))


@pytest.mark.parametrize(
    ("by", "times", "kind"),
    [
        ((0.05, 0.06, 0.07), 7, "rise"),
        ((-0.05, -0.06, -0.07), 7, "fall"),
        ((-0.05, 0.01, 0.05), 7, "unclear"),
        ((0.05, 0.06, 0.07), 1, "few"),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_answer_says_what_the_range_says(results, by, times, kind, language):
    words = Words(language)
    given = moved(Results(results.dataset.isel(replicate=np.arange(3 * times) % 3)), by * times)
    change = given.spreads("mean_trust")["change"]
    sentence = answer(given, words)
    assert change.verdict == kind
    assert sentence.startswith(words["answer"][kind].split("{")[0])
    assert words["answer"][kind].split("{")[2].partition("}")[2].strip() in sentence
    for end in ("low", "high"):
        shown = [words.number(getattr(change, end), places, sign=True) for places in (3, 4)]
        assert any(each in sentence for each in shown) == (kind != "few")


def test_one_short_replicate_says_that_it_is_one(tmp_path):
    run(SCENARIO.with_(changes=()), weeks=5).save(tmp_path)
    for language, words in (("en", "single replicate"), ("es", "una sola réplica")):
        tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(render(tmp_path, language))
        assert words in text(tree) and "nan" not in text(tree).split()


# What is written in English where it is used
ELSEWHERE = ("authors", "parameters", "patterns", "pattern_means", "parameter_units", "lever_texts", "texts", "references")


def test_what_was_read_of_a_source_is_told_in_spanish_with_the_same_numbers():
    told, number = Words("es").data["references"], re.compile(r"\d[\d,.]*\d|\d")
    assert told.keys() == REFERENCES.keys()
    for key, source in REFERENCES.items():
        assert {*number.findall(told[key])} == {*number.findall(f"{source.read} {source.note}")}, key


def test_what_shipped_scenarios_assume_is_told_in_spanish():
    assumed = [text for name in shipped_scenarios() for text in load_scenario(name).as_data().get("assumptions", ())]
    assert [text for text in assumed if Words("es").written(text).lang != "es"] == []


def words_of(language):
    """All words but those that are written in English elsewhere."""
    found = {section: words for section, words in Words(language).data.items() if section not in ELSEWHERE}
    return found | {"live": {name: words for name, words in found["live"].items() if name != "overlays"}}


def leaves(node, path=()):
    if isinstance(node, dict):
        for key, child in node.items():
            yield from leaves(child, (*path, key))
    else:
        yield path, str(node)


def places(pattern):
    return {name for _, name, _, _ in Formatter().parse(pattern) if name}


def test_languages_have_the_same_words():
    english, spanish = (dict(leaves(words_of(language))) for language in LANGUAGES)
    assert english.keys() == spanish.keys()
    assert [key for key in english if key[0] != "notes" and places(english[key]) != places(spanish[key])] == []  # notes: test_notes.py
    same = {key for key in english if len(english[key].split()) > 2 and english[key] == spanish[key]}
    assert same == {
        ("reforms", "set"),
        ("page", "missed"),
        ("grounds", "finding"),
        ("answer", "reason_part"),
        ("card", "other"),
        ("notes", "part_share"),
    }


def test_everything_is_translated():
    spanish = read("es")
    city = {f"city.{key}" for key in CitySize.model_fields} | {f"stated.{kind}" for kind in KINDS}
    assert spanish["parameters"].keys() == CODEBOOK.keys() | city | {"seed", "changes.week"}  # all that a scenario or the live page can set
    assert spanish["patterns"].keys() == spanish["pattern_means"].keys() == patterns().keys()
    units = {known.unit for known in (*CODEBOOK.values(), *patterns().values(), *MEASURES.values())}
    listed = [lever.metadata for reform in REFORMS.values() for lever in levers(reform).values()]
    assert units | {"hours"} <= spanish["parameter_units"].keys() <= units | {facts["unit"] for facts in listed}
    for language in LANGUAGES:
        assert words_of(language)["measures"].keys() == MEASURES.keys()
        assert words_of(language)["units"].keys() >= {measure.unit for measure in MEASURES.values()}
    texts = spanish["texts"]
    files = (Path(__file__).parents[2] / "experiments").glob("*/*.yaml")
    studies = [load_study(path) for path in sorted(files) if "\narms:" in path.read_text(encoding="utf-8")]
    shipped = [said for study in studies for said in (study.name, study.question, study.scenario.name)]
    assert shipped and set(shipped) - texts.keys() == set()
    for arm in {arm for study in studies for arm in study.arms}:
        assert Words("es").reform(arm) != arm
    wanted = {shown for name in shipped_scenarios() for shown in (load_scenario(name).name, load_scenario(name).question)}
    assert wanted - texts.keys() == set()


def test_numbers_are_written_as_the_language_writes_them():
    english, spanish = Words("en"), Words("es")
    assert (english.number(-20000), spanish.number(-20000)) == ("\u221220,000", "\u221220\u202f000")
    assert spanish.amount(23482.5, 507.6) == "23\u202f482 ± 508"
    assert english.number(0.05), english.number(float("nan")) == ("0.05", "-")
    assert [english.duration(weeks) for weeks in (1, 52, 60, 416)] == ["1 week", "1 year", "60 weeks", "8 years"]


def test_reforms_have_names():
    words = Words("es")
    assert words.reform("community_policing") == "policía de proximidad"
    assert words.reform("purge-then-train") == "depuración y luego capacitación"
    assert words.reform("my own idea") == "my own idea"
    dated = dated_table({"changes": [], "interventions": [{"purge": {"start": 4, "flag_by": "both", "until": None}}]}, words)
    assert dated.rows == [["4", "depuración (inicio = 4, señalados por = ambos)", "-"]]
    assert [words.named(reform, "share") for reform in ("community_policing", "civic_justice", "mine")] == [
        "policías asignados a proximidad", "delitos menores con responsable conocido que se atienden", "proporción",
    ]  # fmt: skip


def found(verdicts):
    listed = [pattern for pattern in patterns().values() if pattern.role != "report"]
    return [
        PatternCheck(pattern, pattern.measures[0], 0.5, 0.01, passed, 1000, 4) for pattern, passed in zip(listed, verdicts, strict=False)
    ]


def test_pattern_checks_are_shown_if_they_are_there(results, tmp_path):
    results.save(tmp_path)
    assert "No pattern checks lie" in render(tmp_path)
    listed = (*found((True, False, True))[:2], found((True,))[0]._replace(sd=float("nan"), low=0.25, high=0.75, inside=0.9, replicates=20))
    Validation("Ecatepec", listed).save(tmp_path)
    page = render(tmp_path)
    assert "No pattern checks lie" not in page and "other sources of the model" not in page
    assert "1 of the 2 patterns with a verdict pass." in page and "Patterns that fail: 1." in page
    wanted = "P02, investigation file opened given report: found 0.500, wanted 0.66 to 0.72 (too low)"
    assert f"<dt>{wanted}</dt>" in page and "(demasiado bajo)" in render(tmp_path, "es")
    assert breakable(patterns()["P02"].means) in page and patterns()["P01"].means not in page
    assert "0.25 to 0.75" in page.replace("0.250 to 0.750", "0.25 to 0.75") and "90\u00a0%" in page
    assert "draws of the posterior" not in page
    Validation("Ecatepec", listed, "ecatepec").save(tmp_path)
    assert "20 sorteos de la distribución posterior ecatepec" in render(tmp_path, "es")
    assert page.count(">FAILS<") == 1 and page.count(">passes<") == 2
    Validation("Ecatepec", listed, "ecatepec", source_fingerprint="of another").save(tmp_path)
    assert "(fingerprint of another)" in render(tmp_path)


def test_a_pattern_that_fails_says_which_way():
    words, known = Words("en"), patterns()["P02"]
    said = [miss([PatternCheck(known, "file_rate", value, 0.0, False, 1000, 4)], words).text for value in (0.5, 0.9)]
    assert [text.rpartition("(")[2] for text in said] == ["too low)", "too high)"]
    assert miss([PatternCheck(known, "file_rate", 0.9, 0.0, False, 1000, 4)], Words("es")).lang == "es"


def test_what_stands_beside_a_pattern_has_a_name():
    beside = {measure for known in patterns().values() for measure in known.beside}
    assert beside and all(Words(language).measure(measure) != measure for measure in beside for language in LANGUAGES)


def test_what_varies_between_runs_is_marked():
    words, scenario = Words("en"), {"city": {}, "parameters": {"conduct.mean": -0.9}, "sources": {}}
    marked = contested_table(scenario, words, {"trust.contact_loss"}).rows
    values = {row[0]: row[2] for row in marked}
    assert values["trust.contact_loss"] == f"{words.number(CODEBOOK['trust.contact_loss'].value)} (varies)"
    assert not values["trust.contact_gain"].endswith("(varies)")
    assert changed_table(scenario, words, {"conduct.mean"}).rows[0][2] == f"{words.number(-0.9)} (varies)"
    assert cost_table(scenario, words, {"cost.recruit"}).rows != cost_table(scenario, words).rows
    assert reform_text("training", {"gain": 0.9}, words, {"training.gain"}) == "training (gain in conduct = 0.9 (varies))"


def test_dates_are_written_as_the_language_writes_them():
    assert Words("es").date("2026-11-22T14:19:52-06:00") == "22 de noviembre de 2026, 20:19 UTC"
    assert Words("en").date("2026-11-22T20:19:52+00:00") == "November 22, 2026, 20:19 UTC"
    assert Words("es").date("today") == "today"


def test_tables_scroll_by_themselves(tree):
    tables = list(tree.iter("table"))
    held = [table for box in tree.iter("div") if box.get("class") == "scroll" and box.get("aria-label") for table in box.iter("table")]
    assert tables and held == tables


def test_what_joins_authors_is_translated():
    spanish = Words("es")
    assert spanish.credited("DIECP, quoted by La Tribuna") == "DIECP, citado por La Tribuna"
    assert spanish.credited("SESNSP and INEGI") == "SESNSP e INEGI"
    assert spanish.credited("Blair and others") == "Blair y otros"
    assert not [source.author for source in REFERENCES.values() if " quoted by " in spanish.credited(source.author)]
    assert Words("en").credited("Blair and others") == "Blair and others"


@pytest.mark.parametrize(
    "content", ["", "[]", '{"findings": [{}]}', '{"scenario": "a", "source_fingerprint": "b", "findings": [{"pattern": 1}]}']
)
def test_broken_checks_are_refused(results, tmp_path, content):
    results.save(tmp_path)
    (tmp_path / FILE).write_text(content)
    with pytest.raises(InputError, match="holds no pattern checks"):
        render(tmp_path)


def test_the_command_writes_a_file(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")
    out = tmp_path / "deep" / "page.html"
    with pytest.raises(SystemExit) as stopped:
        main(["report", str(folder), "--lang", "es", "--out", str(out)])
    assert stopped.value.code == 0
    assert str(out) in capsys.readouterr().out
    assert out.read_text(encoding="utf-8") == render(folder, "es")


def test_it_lands_beside_the_results(results, tmp_path):
    results.save(tmp_path)
    names = {"en": "report.html", "es": "report.es.html"}
    assert [path.name for path in write_report(tmp_path, "es")] == [names["es"], names["en"]]
    for language, name in names.items():
        page = html5lib.parse((tmp_path / name).read_text(encoding="utf-8"), namespaceHTMLElements=False)
        (other,) = {*LANGUAGES} - {language}
        links = [link for link in page.iter("a") if link.get("hreflang")]
        assert page.get("lang") == language and [(link.get("href"), link.get("lang")) for link in links] == [(names[other], other)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--lang", "fr"], "there is no language 'fr'."),
        (["--lang", "../en"], "there is no language '../en'."),
        (["--out", "."], "is a folder."),
    ],
)
def test_bad_options_are_refused(folder, options, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["report", str(folder), *options])
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_a_folder_without_results_is_refused(tmp_path):
    with pytest.raises(InputError, match="there are no results in"):
        write_report(tmp_path)


def test_of_a_file_there_is_no_report(tmp_path):
    (tmp_path / "study.yaml").touch()
    for place in (tmp_path / "study.yaml", Path("/dev/null")):
        with pytest.raises(InputError, match="there are no results in"):
            write_report(place)


def test_less_than_a_year_has_no_first_and_last():
    results = run(load_scenario("merida").with_(city={"adults": 1000}, spin_up_weeks=0, weeks=26), replicates=1)
    told, words = findings(results, Words("en")), Words("en")
    assert told.card.heads == ["measure", "over 26 weeks"] and "trust the police over 26 weeks" in told.card.today
    tables = summary_tables(results, words)
    assert tables[0].columns[2:] == ["over 26 weeks"] and all(len(row) == 3 for table in tables for row in table.rows)
    alts = [picture.alt for section in told.sections for picture in section.pictures]
    assert len(alts) == 4 and not any("year" in alt for alt in alts) and "26 weeks" in alts[0]
