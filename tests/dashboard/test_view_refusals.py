"""What the live page says when something cannot be done: each refusal is provoked on a stage, and told in both languages."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest
from filelock import FileLock, Timeout

pytest.importorskip("solara_assets", reason="the extra view is not installed")
pytest.importorskip("PIL", reason="the extra view is not installed")

from sim.dashboard.events import with_change, with_reform
from sim.dashboard.stage import Stage, View
from sim.dashboard.texts import texts
from sim.files.writing import one_command, write_file
from sim.inputs.reforms import reforms
from sim.inputs.scenario import Scenario
from sim.inputs.yaml_files import load_yaml
from sim.world.parameters import order_problem
from sim.world.reforms import REFORMS, common

SMALL = {"name": "Small", "city": {"adults": 1000}, "weeks": 30, "spin_up_weeks": 4, "seed": 3}
ARMS = {"course": reforms([{"training": {"start": 2, "coverage": 0.9}}])}


def tried(action):
    """What a page does with a click: the stage tries it."""
    return lambda stage, _: stage.attempt(lambda: action(stage))


def built(wanted, city=None):
    """Another city is asked for."""

    def build(stage, _):
        stage.scenario = Scenario(**{**SMALL, "city": city}) if city else stage.scenario
        stage.wanted.set(wanted)
        stage.restart()

    return build


def saved(name, prepare=lambda folder, patched: None, *, overwrite=True):
    """A file is written, into a folder to which something was done before."""

    def save(stage, patched):
        prepare(stage.view.folder, patched)
        stage.save("course", name, overwrite=overwrite)

    return save


def failing(*error):
    def fail(*given):
        raise OSError(*error)

    return fail


def taken(lock, **options):
    """Somebody else holds it."""
    Path(lock.lock_file).write_text("process 7 on elsewhere")
    raise Timeout(lock.lock_file)


def reading(stage, patched):
    """A scenario of the page's own that the command has read."""
    with one_command():
        load_yaml(write_file(stage.view.folder / "mine.yaml", "name: a", "scenario"))
        stage.save("course", "mine", overwrite=True)


@dataclass(frozen=True, kw_only=True)
class Signs:
    """A reform of one's own that cannot be ended."""

    start: int = common.start_lever()
    many: float = common.lever(1.0, 0, 9, "signs", "How many there are.")
    dose: ClassVar[str] = "many"

    def due(self, horizon):
        return [self.start]

    def settings(self, week):
        return {}


def endless(stage, patched):
    patched.setitem(REFORMS, "signs", Signs)
    scenario = stage.scenario.model_copy(update={"interventions": (Signs(start=2),)})
    stage.attempt(lambda: with_reform(scenario, 5, "signs", None))


def disorder(_):
    raise order_problem("survey.lower_cut", "survey.middle_cut", {"survey.lower_cut": 0.5, "survey.middle_cut": 0.4})


REFUSED = {
    "too small": built({"city.adults": 5.0}),
    "too many officers": built({"city.officers_per_1000_inhabitants": 50.0}),
    "too crowded": built({"city.adults": 60_000.0}, {"adults": 1000, "width": 10, "height": 10}),
    "too empty": built({"city.adults": 1000.0}, {"adults": 9000, "width": 90, "height": 20}),
    "no such seed": built({"seed": -1.0}),
    "other people": built({"trust.fairness_disposition_mean": 7.0}),
    "a number": tried(lambda stage: stage.arena.value.set_parameter("trust.contact_loss", 5)),
    "a whole number": tried(lambda stage: stage.arena.value.set_parameter("patrol.beat_radius", 1e6)),
    "no order": tried(disorder),
    "a change after the last week": tried(lambda stage: with_change(stage.scenario, 5200, "trust.contact_loss", 0.5)),
    "a reform after the last week": tried(lambda stage: with_reform(stage.scenario, 5200, "purge", {})),
    "a reform after the horizon": tried(lambda stage: stage.scenario.with_(interventions=[{"purge": {"start": 40}}])),
    "a lever": tried(lambda stage: stage.arena.value.dose("course", "training", {"every": 2})),
    "reforms that clash": tried(lambda stage: reforms([{"purge": {"start": 0, "recruits_offset": offset}} for offset in (1.0, 0.5)])),
    "two programs": tried(lambda stage: reforms([{"community_policing": {"start": week}} for week in (0, 5)])),
    "an end before the beginning": tried(lambda stage: reforms([{"training": {"start": 5, "until": 3}}])),
    "no end": endless,
    "nobody": lambda stage, _: stage.choose_citizen(1000),
    "no name": saved("../x"),
    "it is there": saved("mine", lambda folder, _: (folder / "mine.yaml").touch(), overwrite=False),
    "no ordinary file": saved("mine", lambda folder, _: (folder / "mine.yaml").mkdir()),
    "no folder": saved("mine", lambda folder, _: folder.rmdir()),
    "not Confianza's": saved("mine", lambda folder, _: (folder / "mine.yaml").touch()),
    "another kind": saved("mine", lambda folder, _: write_file(folder / "mine.yaml", "a")),
    "changed": saved("mine", lambda folder, _: (write_file(folder / "mine.yaml", "a", "scenario"), (folder / "mine.yaml").write_text("b"))),
    "what is read": reading,
    "another list": saved("mine", lambda folder, _: (folder / "confianza.json").write_text("[]")),
    "another process": saved("mine", lambda folder, patched: patched.setattr(FileLock, "acquire", taken)),
    "no right": saved("mine", lambda folder, patched: patched.setattr(os, "fsync", failing(1, "Operation not permitted"))),
    "a full disk": saved("mine", lambda folder, patched: patched.setattr(os, "fsync", failing(28, "No space left on device"))),
}


def test_every_refusal_is_told_in_spanish(tmp_path, monkeypatch):
    english, spanish = texts("en"), texts("es")
    for number, (name, provoke) in enumerate(REFUSED.items()):
        (folder := tmp_path / str(number)).mkdir()
        stage = Stage(View(Scenario(**SMALL), ARMS, "es", folder))
        with monkeypatch.context() as patched:
            provoke(stage, patched)
        refusal = stage.refusal.value
        said = [sentence for sentence in refusal.args if sentence]
        for sentence in said:
            text, language = spanish.said(sentence)
            assert language == "es" and "{" not in text and not re.search(r"\d,\d", text), (name, text)
            plain = re.sub(r"'[^']*'", "", text)  # names of parameters are the same everywhere
            assert not re.search(r"\b(the|must|with|to|of|week|number|share)\b", plain), (name, text)
            assert english.said(sentence).lang == "en"
        assert "\n".join(map(str, said)) == f"{refusal.message}\n{refusal.remedy}".strip()


def test_what_is_said_in_english_alone_is_marked_as_english():
    assert texts("es").said("this is new.") == ("this is new.", "en")
