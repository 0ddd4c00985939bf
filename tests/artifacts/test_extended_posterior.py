"""The posterior of a state names draws of the country's, and the values that set it apart."""

import numpy as np
import pytest

from sim.artifacts.posterior import Posterior, fingerprint, load_posterior, posterior_files
from sim.errors import InputError
from sim.world.anatomy import model_fingerprint

NAMES = ("trust.contact_gain", "offending.propensity_log_mean")
OTHER = Posterior(
    "country", NAMES, np.array([[0.1, -1.0], [0.2, -1.1], [0.3, -0.9]]), np.array([0.2, 0.3, 0.5]), {"mixing": 1.3, "seed": 4}
)
ROWS = "draw,institutions.file,offending.propensity_log_mean,weight\n3,0.2,-1.5,1\n1,0.1,-1.6,3\n"


@pytest.fixture
def folder(tmp_path):
    for name, text in posterior_files(OTHER).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "states").mkdir()
    return tmp_path


def state(folder, rows=ROWS, **facts):
    known = {"model": model_fingerprint(), "extends": "country", "extended_fingerprint": fingerprint(folder / "country.csv")} | facts
    (folder / "states" / "here.csv").write_text(rows, encoding="utf-8")
    (folder / "states" / "here.yaml").write_text("\n".join(f"{key}: {value}" for key, value in known.items()), encoding="utf-8")
    return folder / "states" / "here.csv"


def test_draws_are_the_others_with_values_in_their_place_and_beside_them(folder):
    made = load_posterior(state(folder, seed=5))
    assert made.names == (*NAMES, "institutions.file") and made.name == "here"
    assert made.draws.tolist() == [[0.3, -1.5, 0.2], [0.1, -1.6, 0.1]] and made.weights.tolist() == [0.25, 0.75]
    assert made.facts["seed"] == 5 and made.doubts  # what is known of the other holds, unless its own says otherwise


@pytest.mark.parametrize(
    ("rows", "facts", "wrong"),
    [
        (ROWS, {"extended_fingerprint": "0123"}, "is one of other draws than 'country' has"),
        (ROWS, {"extends": "nowhere"}, "there is no posterior 'nowhere'"),
        (ROWS.replace("3,0.2", "4,0.2"), {}, "numbers of draws, from 1 to 3"),
        (ROWS.replace("3,0.2", "1.5,0.2"), {}, "numbers of draws, from 1 to 3"),
        (ROWS.replace("draw,", "trust.contact_loss,"), {}, "numbers of draws, from 1 to 3"),
        (ROWS.replace("3,0.2", "3,9"), {}, "'institutions.file' is 9"),
    ],
)
def test_what_does_not_belong_to_the_other_is_refused_with_the_files_name(folder, rows, facts, wrong):
    path = state(folder, rows, **facts)
    with pytest.raises(InputError, match=wrong) as caught:
        load_posterior(path)
    assert "here" in str(caught.value)


def test_draws_that_were_made_anew_are_noticed(folder):
    path = state(folder)
    (folder / "country.csv").write_text((folder / "country.csv").read_text().replace("0.1,", "0.11,"), encoding="utf-8")
    with pytest.raises(InputError, match=r"other draws than 'country' has(.|\n)*confianza calibrate here"):
        load_posterior(path)
