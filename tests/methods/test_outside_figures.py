"""Figures that others published, found again from their own data or from a few lines that make the same.

The data of others are not here. Put copies into a folder and name it in CONFIANZA_OUTSIDE, or call it data/outside (docs/own-data.md says
which files); tests of files that are not there are skipped. R's files are read with the package rdata.
"""

import os
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim.methods import decide, sensitivity
from sim.methods.discovery.boxes import marks
from sim.methods.discovery.prim import Cases, peel

OUTSIDE = Path(os.environ.get("CONFIANZA_OUTSIDE") or Path(__file__).parent.parent / "data" / "outside")


def outside(name):
    """What an R file of somebody else holds."""
    path = OUTSIDE / name
    if not path.is_file():
        pytest.skip(f"no {name} in CONFIANZA_OUTSIDE")
    rdata = pytest.importorskip("rdata")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return rdata.read_rda(path)


def table(values, names):
    return pd.DataFrame(np.asarray(values, float), columns=[str(name) for name in names])


# --- voi (Heath, Jackson and Kunst): tests/testthat/test_evpi.R and test_evppi.R


def test_voi_chemotherapy():
    """EVPI 368.6051; EVPPI of one parameter 262.1 (gam), of two 333.5 (gam), 324 (BART); by k 8.76, 368.6, 206.5, 150.5."""
    net, pars = outside("chemo_nb.rda")["chemo_nb"], outside("chemo_pars.rda")["chemo_pars"]
    one, two = ["p_side_effects_t2"], ["p_side_effects_t2", "logor_side_effects"]
    found = decide(pars, net, about={"one": one, "two": two})
    assert found.evpi.evpi.item() == pytest.approx(368.6051, abs=1e-4)
    worth = found.evppi.set_index("name").evppi
    assert worth["one"] == pytest.approx(262.1, rel=0.01) and worth["two"] == pytest.approx(333.5, rel=0.03)
    cea = outside("chemo_cea.rda")["chemo_cea"]
    by_pay = decide(None, *(table(cea[part], ["SoC", "Novel"]) for part in "ec"), pay=[10_000, 20_000, 30_000, 40_000]).evpi
    assert by_pay.evpi.tolist() == pytest.approx([8.764867, 368.605096, 206.468705, 150.472904], abs=1e-5)


# --- BCEA (Baio): what summary() prints


def test_bcea_vaccine():
    """At 25,000: EIB 1.2284, probability 0.529, EVPI 2.4145; the ICER is 20,098."""
    data = outside("Vaccine.RData")
    effect, cost = (table(data[part], data["treats"]) for part in ("eff", "cost"))
    found = decide(None, effect, cost, pay=25_000)
    row = found.table.set_index("option").loc["Vaccination"]
    assert (row.net_benefit, row.probability_best) == pytest.approx((1.2284, 0.529), abs=5e-5)
    assert found.evpi.evpi.item() == pytest.approx(2.4145, abs=5e-5)
    means = found.means.set_index("option")[["benefit", "cost"]].diff().iloc[1]
    assert means.cost / means.benefit == pytest.approx(20_098, abs=0.5)


def test_bcea_smoking():
    """Four options at 250 (BCEA's own EVPI, by its test data: 45.774), where counseling in groups is best."""
    data = outside("Smoking.RData")
    found = decide(None, *(table(data[part], data["treats"]) for part in ("eff", "cost")), pay=250)
    assert found.best == {250.0: "Group counselling"} and found.evpi.evpi.item() == pytest.approx(45.7740776, abs=1e-6)


# --- SALib's functions, whose indices are known by formula


def test_ishigami():
    """Ishigami and Homma (1990): first 0.3139, 0.4424, 0; total 0.5576, 0.4424, 0.2437 at a = 7, b = 0.1."""
    from SALib.test_functions import Ishigami

    problem = {"num_vars": 3, "names": ["x1", "x2", "x3"], "bounds": [[-np.pi, np.pi]] * 3}
    x = np.random.default_rng(1).uniform(-np.pi, np.pi, (512, 3))
    found = sensitivity(x, Ishigami.evaluate(x), priors=problem, validation="random").table
    assert found["first"].tolist() == pytest.approx([0.3139, 0.4424, 0], abs=0.01)
    assert found["total"].tolist() == pytest.approx([0.5576, 0.4424, 0.2437], abs=0.01)


def test_sobol_g():
    from SALib.test_functions import Sobol_G

    a = np.array([0, 1, 4.5, 9, 99, 99])
    x = np.random.default_rng(2).random((1024, 6))
    found = sensitivity(x, Sobol_G.evaluate(x, a), priors=[(0, 1)] * 6, validation="random")
    first, total = Sobol_G.sensitivity_index(a), Sobol_G.total_sensitivity_index(a)
    for name, exact in (("first", first), ("total", total)):
        assert found.table[name].tolist() == pytest.approx(exact.tolist(), abs=0.05)
        held = (found.table[f"{name}_low"] - 0.005 <= exact) & (exact <= found.table[f"{name}_high"] + 0.005)
        assert held.mean() >= 5 / 6


# --- PRIM of the EMA Workbench (Kwakkel), on the scarcity data of Bryant and Lempert (2010) and on made ones


def scarcity():
    """882 runs of 9 uncertainties; case: the renewable fuel standard costs much (the column of the workbench's own example)."""
    path = OUTSIDE / "bryant et al 2010 data.csv"
    if not path.is_file():
        pytest.skip("no 'bryant et al 2010 data.csv' in CONFIANZA_OUTSIDE")
    data = pd.read_csv(path)
    return data.iloc[:, 2:11], data.iloc[:, 15].to_numpy() == 1


def made():
    """As many runs, of which about a tenth are cases, with values rounded so that many are equal."""
    x = pd.DataFrame(np.random.default_rng(5).random((882, 9)).round(2), columns=list("abcdefghi"))
    return x, ((x.a < 0.4) & (x.d > 0.5) & (x.g > 0.3) ^ (np.random.default_rng(6).random(882) < 0.03)).to_numpy()


@pytest.mark.parametrize("data", [scarcity, made])
@pytest.mark.parametrize("alpha", [0.05, 0.1])
def test_prim_peels_as_the_workbench_does(data, alpha):
    """Coverage and density along the peel, at equal settings: within .03 at every step."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        prim = pytest.importorskip("ema_workbench.analysis.prim")
    x, y = data()
    theirs = prim.Prim(x, y, threshold=0.8, peel_alpha=alpha, mass_min=0.05).find_box().peeling_trajectory
    cases = Cases.of(x.to_numpy(), y)
    ours = [marks(box, cases) for box in peel(cases, alpha=alpha, smallest=0.05)]
    assert len(ours) == len(theirs) > 20
    assert [one.coverage for one in ours] == pytest.approx(theirs.coverage.tolist(), abs=0.03)
    assert [one.density for one in ours] == pytest.approx(theirs.density.tolist(), abs=0.03)
