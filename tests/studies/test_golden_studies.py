"""Golden numbers: what each arm of each study in experiments/ changes in a short run. A change that moves them belongs in CHANGELOG.

`UPDATE_GOLDEN=1 python -m pytest tests/studies/test_golden_studies.py` writes them anew; look at the difference before you commit it.
"""

import json
import os
from pathlib import Path

import pytest

from sim.engine.running import Execution
from sim.studies.answers.compare import compare
from sim.studies.design.study_files import load_study
from sim.studies.running.budget import scaled

FOLDER = Path(__file__).parent.parent / "golden" / "studies"
EXPERIMENTS = Path(__file__).parents[2] / "experiments"
STUDIES = {path.parent.name: path for path in sorted(EXPERIMENTS.glob("*/study.yaml"))}
STUDIES |= {f"{path.parent.name}-{path.stem}": path for path in sorted(EXPERIMENTS.glob("which-reform/*.yaml"))}
MEASURES = ("mean_trust", "incidence", "cost")
WEEKS = 216  # past week 208, when the programs that end have ended


def numbers(name: str) -> dict:
    """Paired effects of every arm at the last week, to nine decimals; doses as they are written, not searched."""
    study = load_study(STUDIES[name])
    short = study.with_(scenario=study.scenario.with_(spin_up_weeks=26), weeks=WEEKS, replicates=2, measures=MEASURES, budget=None)
    comparison = compare(short)
    assert comparison.placebo_is_exact()
    found = comparison.effects().query(f"week == {WEEKS}")
    return {
        arm: {measure: round(float(effect), 9) for measure, effect in zip(rows.measure, rows.effect, strict=True)}
        for arm, rows in found.groupby("arm", sort=False)
    }


@pytest.mark.compiled
@pytest.mark.parametrize("name", STUDIES)
def test_four_years_of_each_study(name):
    path = FOLDER / f"{name}.json"
    found = numbers(name)
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(found, indent=1) + "\n")
    assert found == json.loads(path.read_text())
    assert all(effects["mean_trust"] for effects in found.values()), "an arm that changes nothing tests nothing"


@pytest.mark.compiled
@pytest.mark.parametrize("name", [name for name, path in STUDIES.items() if load_study(path).budget is not None])
def test_all_arms_can_cost_the_budget_at_the_doses_that_are_written(name, tmp_path):
    study = load_study(STUDIES[name])
    found = scaled(study, Execution(tmp_path))
    for arm, reforms in study.arms.items():
        for written, searched in zip(reforms, found.arms[arm], strict=True):
            assert getattr(searched, searched.dose) == pytest.approx(getattr(written, written.dose), rel=0.02)


def test_no_golden_file_without_its_study():
    assert sorted(path.stem for path in FOLDER.glob("*.json")) == sorted(STUDIES)
