"""The publication kit: figures and tables whose letters are letters, that say what they are in the reader's language, and their numbers."""

import re
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import made_decisions
import numpy as np
import pandas as pd
import pytest
import yaml
from figures import small
from made_runs import SMALL
from PIL import Image

from sim.cli import main
from sim.figures import printing
from sim.figures.printing import printed, tabled
from sim.measures import MEASURES
from sim.report import kit
from sim.report.words import LANGUAGES
from sim.studies.running.runs import run

MARK = {"en": "SIMULATION, not a measurement", "es": "SIMULACIÓN, no es una medición"}
SAID = ("policía de proximidad", "ciudades posibles", "la regla elegida contiene")
RAW = re.compile(r"\b(?:training|conduct|purge|reporting|hearsay|staffing)\.\w+|\b\w+_\w+\b")
FACTS = {"versions": {"confianza": "1"}, "source_fingerprint": "12345678"}
NAME = "Which $5 & <b>$6</b>_x?"


def texts(svg):
    return [
        text.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">") for text in re.findall(r"<text[^>]*>([^<]+)", svg.decode())
    ]


def lowest(svg, mark):
    """Does everything else stand above the mark and what follows it?"""
    heights = [(float(y), text) for y, text in re.findall(r'<text[^>]* y="([-\d.]+)"[^>]*>([^<]+)', svg.decode())]
    top = next(y for y, text in heights if mark in text)
    return sum(y >= top for y, _ in heights) <= 5


@pytest.fixture(scope="module")
def decided(tmp_path_factory):
    """A folder of a decision and of where one of its arms fails."""
    folder = tmp_path_factory.mktemp("decided")
    study = made_decisions.STUDY.model_copy(update={"name": NAME})
    made_decisions.decision(study=study).save(folder / "decision")
    made_decisions.discovery(study=study).save(folder / "discovery" / "purge")
    return folder


@pytest.fixture(scope="module")
def files(decided):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(printing, "DPI", 30)  # points take long; how many there are is asked of a map below
        return kit.make_kit(decided, ["es"])


def test_every_piece_is_there_in_each_format(files):
    own = {Path(name) for name in files}
    pieces = {path.stem for path in own if path.suffix == ".svg"}
    assert {"plane", "acceptability", "loss", "information", "contested", "regret", "pareto"} <= pieces
    assert {"tradeoff-purge", "box-purge", "table-options"} <= pieces
    assert own == {Path("es", piece + ending) for piece in pieces for ending in (".svg", ".pdf", ".png", ".csv")} | {
        Path("es", "LEEME.txt")
    }


def test_letters_are_letters_and_say_what_it_is(files):
    """Real text, in the language, without raw names; in each the stamp with scenario, version, license and citation."""
    every = ""
    for name, content in files.items():
        if name.endswith(".svg"):
            said = " ".join(texts(content))
            assert said.count(MARK["es"]) == 1 and NAME in said and "MIT" in said, name
            assert "The Confianza authors" in said and "Confianza 0" in said
            assert not RAW.findall(said.replace(NAME, "")), name
            assert lowest(content, MARK["es"]), f"{name}: something stands in the stamp"
            every += said
        if name.endswith(".pdf"):
            assert b"/CIDFontType2" in content and b"/Type3" not in content
    assert [words for words in SAID if words not in every] == []


def test_the_numbers_are_one_observation_a_row(files, decided):
    for name, content in files.items():
        if name.endswith(".csv"):
            rows = pd.read_csv(BytesIO(content))
            assert len(rows) and rows.columns.is_unique and all(re.fullmatch(r"[a-z0-9_.]+", column) for column in rows.columns), name
    regret = pd.read_csv(BytesIO(files["es/regret.csv"]))
    pd.testing.assert_frame_equal(regret.drop(columns="arm_label"), pd.read_csv(decided / "decision" / "regret.csv"))
    assert dict(zip(regret.arm, regret.arm_label, strict=True))["community"] == "policía de proximidad"


def test_a_run_has_a_map_that_says_that_it_is_invented(tmp_path):
    run(SMALL.with_(name=NAME), replicates=2).save(tmp_path)
    made = kit.make_kit(tmp_path, LANGUAGES)
    english = " ".join(texts(made["en/map.svg"]))
    assert MARK["en"] in english and "invented city" in english and "Invented city" in english
    with Image.open(BytesIO(made["es/map.png"])) as image:
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1) and image.info["Description"].startswith(MARK["es"])
    said = " ".join(texts(made["es/map.svg"]))
    assert "ciudad inventada" in said and "Ciudad inventada" in said and "Los lugares son inventados" in said
    assert not re.search("oeste|norte", said)
    table = " ".join(texts(made["es/table-summary.svg"]))
    assert "Confianza media en la policía" in table and not set(MEASURES) & set(table.split())
    trust = pd.read_csv(BytesIO(made["es/trust.csv"]))
    assert set(trust.measure) >= {"mean_trust", "share_trusting"} and trust.middle.between(0, 1).all()
    assert "map: Ciudad inventada: confianza de las celdas, de 0." in made["es/LEEME.txt"].decode("utf-8-sig")


def test_the_same_bytes_whenever_it_is_drawn():
    drawn = [printed(tabled("Title", "What", ["a", "b"], [["x" * 90, "1"]]), ["Stamp", "by $me"], "me") for _ in range(2)]
    assert drawn[0] == drawn[1] and b"<dc:date>" not in drawn[0]["svg"] and b"CreationDate" not in drawn[0]["pdf"]


def test_a_table_is_read_in_print():
    figure = tabled("Title", "What", ["measure", *"abcdef"], [["a name that is long " * 4, *["0.123 (0.100 to 0.150)"] * 6]] * 3)
    printed(figure, ["stamp " * 40, "made " * 60], "me")
    assert small(figure) == []


def test_a_legend_stays_between_the_axes_and_the_stamp():
    figure = printing.sheet(9.6, 3, "Title", "What")
    axes = figure.add_subplot(xlabel="across")
    axes.plot([0, 1], label="a line")
    legend = figure.legend(loc="outside lower center")
    printed(figure, ["Stamp"], "me")
    figure.draw_without_rendering()
    room = legend.get_window_extent()
    assert room.y0 >= 0 and not room.overlaps(axes.get_tightbbox())


def test_license_and_citation_are_those_of_the_project():
    cited = yaml.safe_load((Path(__file__).parents[2] / "CITATION.cff").read_text(encoding="utf-8"))
    assert (cited["license"], cited["authors"][0]["name"]) == (kit.LICENSE, kit.AUTHOR)
    assert all(
        cited["title"] in kit.Words(language).say("kit.made", version="", fingerprint="", license="", author="") for language in LANGUAGES
    )


AMOUNTS = {"officer_weeks": "officer-weeks", "money": "pesos"}


def test_cells_have_ranges_and_no_row_of_zeros():
    told = kit.KitLanguage(kit.Words("es"), {"a": "capacitación"}, {})
    row = {"unit": "share of adults", "effect": 0.0213, "q05": 0.01, "q95": 0.03, "share_with_sign": 0.9}
    assert told.cell(row, "effect") == "2.1 (1.0 a 3.0)" and told.cell(row, "share_with_sign") == "90"
    assert told.cell(row | {"q05": np.nan}, "effect") == "2.13"
    rows = pd.DataFrame([{"arm": "a", "officer_weeks": 0.0, "money": 0.0}, {"arm": "b", "officer_weeks": 1.0, "money": 2.0}])
    piece = told.table("costs", rows, ("arm", "officer_weeks", "money"), AMOUNTS)
    assert len(piece.rows) == 2 and "capacitación" not in [text.get_text() for text in piece.draw().axes[0].texts]


def test_where_nothing_differs_a_table_says_so(monkeypatch, tmp_path):
    told, columns = kit.KitLanguage(kit.Words("en"), {}, {}), ("arm", "officer_weeks", "money")
    rows = pd.DataFrame([{"arm": "a", "officer_weeks": 0.0, "money": 0.0}])
    assert [text.get_text() for text in told.table("costs", rows, columns, AMOUNTS).draw().axes[0].texts][-3:] == ["a", "0.000", "0.000"]
    pieces = [told.table("costs", rows, columns, AMOUNTS), told.table("effects", rows[:0], columns, AMOUNTS)]
    empty = kit.Kind("", "found", str, lambda *_: iter(pieces), lambda _: kit.Origin("a", {"name": "a", "city": {}}, FACTS))
    monkeypatch.setattr(kit, "KINDS", (empty,))
    (tmp_path / "found").touch()
    assert {name.partition(".")[0] for name in kit.make_kit(tmp_path, ["en"])} == {"en/table-costs", "en/README"}


@pytest.mark.parametrize(("arguments", "says"), [
    (["nowhere"], "no results for a kit in 'nowhere'"), (["decision", "--lang", "fr"], "there is no language 'fr'"),
    (["decision", "--out", "file"], "file"),
])  # fmt: skip
def test_what_cannot_be_written_is_refused(capsys, tmp_path, monkeypatch, arguments, says):
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("mine")
    replace(made_decisions.decision(), contested=made_decisions.decision().contested).save("decision")
    with pytest.raises(SystemExit) as stopped:
        main(["kit", *arguments])
    assert stopped.value.code == 2 and says in capsys.readouterr().err
    assert Path("file").read_text() == "mine" and not Path("nowhere", "kit").exists()
