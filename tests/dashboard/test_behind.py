"""Behind the live lines: the range over possible cities of a comparison that was made before, and nothing where it is of something else."""

import re

import numpy as np
import pytest
from made_comparisons import normal, planted, small

from sim.cli import main
from sim.dashboard.arena import Arena
from sim.dashboard.behind import Behind
from sim.dashboard.charts import chart, difference_chart, words_in
from sim.errors import InputError
from sim.measures.spread import ENDS

COURSE, BEATS = normal(32, 0.02, 0.005), normal(32, -0.01, 0.02)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = planted(small(), {"course": COURSE, "beats": BEATS})
    made.save(tmp_path_factory.mktemp("compared"))
    return made, next(tmp_path_factory.getbasetemp().glob("compared*"))


@pytest.fixture(scope="module")
def behind(folder):
    return Behind(folder[1], folder[0].study.base)


def test_bands_are_the_range_over_possible_cities(folder, behind):
    weeks, low, high = behind.band("trust", "course", "baseline")
    assert weeks.tolist() == list(range(1, 9))
    ends = np.quantile(COURSE, ENDS, method="weibull")
    assert (low, high) == (
        pytest.approx(np.full(8, ends[0]), abs=0.005),
        pytest.approx(np.full(8, ends[1]), abs=0.005),
    )  # some share a draw
    row = folder[0].effects().set_index(["arm", "measure"]).loc[("course", "mean_trust")]
    assert (row.q05, row.q95) == (pytest.approx(low[-1]), pytest.approx(high[-1]))
    assert behind.band("trust", "course", "baseline") is behind.band("trust", "course", "baseline")
    assert behind.band("cost", "course") is None and behind.band("trust", "nobody") is None


@pytest.mark.parametrize("language", ["en", "es"])
def test_they_are_drawn_as_far_as_the_city_has_lived(behind, language):
    arena = Arena(behind.comparison.study.base, behind.arms)
    for _ in range(3):
        arena.step()
    words = words_in(language)
    for svg, many in ((chart(arena, "trust", words, behind), 3), (difference_chart(arena, "trust", words, behind), 2)):
        bands = re.findall(r'<polygon points="([^"]+)" fill="#\w+" fill-opacity="0.16"/>', svg)
        assert len(bands) == many and all(len(points.split()) == 2 * 3 for points in bands)
    assert 'fill-opacity="0.16"' not in chart(arena, "cost", words, behind) + chart(arena, "trust", words)


def test_what_does_not_fit_is_refused(folder, behind, tmp_path, capsys):
    made, place = folder
    other = made.study.base.with_({"conduct.mean": -0.9})
    assert behind.fits(made.study.base) and not behind.fits(other)
    with pytest.raises(InputError, match="is of another city"):
        Behind(place, other)
    with pytest.raises(InputError, match="other reforms under the same name: course"):
        behind.check({"course": made.study.arms["beats"]})
    planted(small(), {"course": COURSE[:8], "beats": BEATS[:8]}).save(tmp_path / "few")
    with pytest.raises(InputError, match="too few possible cities for a range") as error:
        Behind(tmp_path / "few", made.study.base)
    assert "--replicates 24" in error.value.remedy
    with pytest.raises(SystemExit) as stopped:
        main(["view", "mexico-city-2016", "--behind", str(tmp_path / "none"), "--no-browser"])
    assert stopped.value.code == 2 and "none" in capsys.readouterr().err
