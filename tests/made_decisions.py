"""A decision and discoveries from a small random generator, in the form that `sim.studies.answers.decide` and `discover` give them.

Effects of the arms are linear in a few uncertain numbers, so what is best, and where an arm fails, is known.
"""

import numpy as np
import pandas as pd

from sim.inputs.scenario import CitySize, Scenario
from sim.measures.spread import spread
from sim.studies.answers.decision import Decision
from sim.studies.answers.decision_tables import price
from sim.studies.answers.discoveries import Discovery
from sim.studies.answers.findings import Output
from sim.studies.answers.possible import columns, ends
from sim.studies.design.study import Study

DRAWS = 300
COURSE, VETTING, BEATS = {"training": {"start": 0}}, {"purge": {"start": 0}}, {"community_policing": {"start": 0, "share": 0.25}}
STUDY = Study(
    name="Which reform?",
    question="Which one, and how sure is it?",
    scenario=Scenario(name="Small", city=CitySize(adults=1000), weeks=104, spin_up_weeks=0),
    arms={
        "purge": [VETTING], "training": [COURSE], "community": [BEATS], "justice": [{"civic_justice": {"start": 0}}],
        "train-then-purge": [{"training": {"start": 0}}, {"purge": {"start": 52}}], "mix": [COURSE, VETTING, BEATS],
    },
    vary={"prior": ["hearsay"], "training.gain": [0.3, 1.5], "purge.turn_to_crime": [0, 0.1]},
    design={"sobol": 4},
    measures=["mean_trust", "incidence", "complaint_rate", "cost"],
)  # fmt: skip
ARMS = list(STUDY.sweep_arms())
FACTORS = [
    "training.gain",
    "conduct.mean",
    "purge.turn_to_crime",
    "reporting.trust_slope",
    "hearsay.fraction",
    "staffing.recruit_conduct_offset",
]
MEAN = {  # trust (points), crimes, complaints, thousand pesos
    "purge": (0.3, 40, 5, 4000), "training": (2.4, -900, -650, 1800), "community": (-1.5, 1800, 1100, 17500),
    "justice": (0.6, -4200, 0, 9300), "train-then-purge": (2.2, -820, -640, 5900), "mix": (2.9, -1900, -600, 9800),
}  # fmt: skip
SLOPES = {  # of trust in each factor (as standard normals)
    "purge": (0, 0.3, -0.4, 0, 0, 0.5), "training": (1.0, -0.6, 0, 0.2, 0.3, 0), "community": (0, 1.5, 0, 0, 1.2, 0),
    "justice": (0, 0, 0, 0.4, 0, 0), "train-then-purge": (1.0, -0.5, -0.3, 0.2, 0.3, 0.3), "mix": (0.9, 0.2, -0.2, 0.3, 0.5, 0.2),
}  # fmt: skip
UNITS = {"mean_trust": "0-1", "incidence": "crimes per 100,000 adults a year", "complaint_rate": "complaints per 1,000 officers a year"}
UNITS |= {"cost": "thousand pesos"}
FACTS = {"versions": {"confianza": "0"}, "source_fingerprint": "abc", "command": "confianza discover study.yaml", "created": "today"}
FEW = "There are only 300 draws: intervals are wide, and what happens seldom may not be among them."
PAY = np.linspace(0, 24000, 41)
SHOWN = (6000.0, 12000.0, 24000.0)
COMPARED = ARMS[1:]


def draws(seed=1):
    """Factors (standard normals), benefit and cost of every arm; draws x arms, in points of trust and thousand pesos."""
    rng = np.random.default_rng(seed)
    factors = rng.standard_normal((DRAWS, len(FACTORS)))
    benefit = np.column_stack([np.zeros(DRAWS), *(MEAN[arm][0] + factors @ np.array(SLOPES[arm]) for arm in COMPARED)])
    cost = np.column_stack([np.zeros(DRAWS), *(MEAN[arm][3] * np.exp(0.2 * rng.standard_normal(DRAWS)) for arm in COMPARED)])
    return factors, benefit, cost


def between(values, width=0.1):
    """A value with the ends of its interval."""
    values = np.asarray(values, float)
    return values, values - width * np.abs(values), values + width * np.abs(values)


def frame(**columns):
    """A table; a column given as a triple is spread over name, name_low and name_high."""
    made = {}
    for name, column in columns.items():
        if isinstance(column, tuple):
            made |= dict(zip((name, f"{name}_low", f"{name}_high"), column, strict=True))
        else:
            made[name] = column
    return pd.DataFrame(made)


def curves(benefit, cost):
    """Net benefit, probability of being best and expected loss over what a point is worth."""
    rows = []
    for pay in PAY:
        net = pay * benefit - cost
        best = np.bincount(net.argmax(axis=1), minlength=len(ARMS)) / DRAWS
        loss = (net.max(axis=1, keepdims=True) - net).mean(axis=0)
        mean = net.mean(axis=0)
        rows.append(
            frame(
                pay=pay, arm=ARMS, net_benefit=between(mean), probability_best=tuple(np.clip(part, 0, 1) for part in between(best)),
                expected_loss=between(loss), frontier=mean == mean.max(),
            )
        )  # fmt: skip
    return pd.concat(rows, ignore_index=True)


def regret(benefit, cost):
    rows = []
    for pay in SHOWN:
        net = pay * benefit - cost
        lost = net.max(axis=1, keepdims=True) - net
        most = np.quantile(lost, 0.99, axis=0)
        table = frame(
            pay=pay, arm=ARMS, expected=lost.mean(axis=0), q95=np.quantile(lost, 0.95, axis=0), most=most, minimax=most == most.min()
        )
        rows.append(table)
    return pd.concat(rows, ignore_index=True)


def information(benefit, cost, factors):
    """EVPI over what a point is worth, and EVPPI from the exact linear regressions."""
    evpi, partial = [], []
    for pay in PAY:
        net = pay * benefit - cost
        evpi.append(net.max(axis=1).mean() - net.mean(axis=0).max())
    of = [f"{topic} (reform)" if topic in ("training", "purge") else topic for topic in (name.partition(".")[0] for name in FACTORS)]
    topics = {topic: [place for place, other in enumerate(of) if other == topic] for topic in of}
    for pay in SHOWN:
        net, whole = pay * benefit - cost, np.interp(pay, PAY, evpi)
        for kind, groups in (("factor", {name: [place] for place, name in enumerate(FACTORS)}), ("topic", topics)):
            for name, places in groups.items():
                basis = np.column_stack([np.ones(DRAWS), factors[:, places]])
                fit = basis @ np.linalg.lstsq(basis, net, rcond=None)[0]
                value = max(0.0, fit.max(axis=1).mean() - fit.mean(axis=0).max())
                status = "lever" if name in ("training.gain", "purge.turn_to_crime") else "contested"
                sds = {f"sd_{part}": 0.05 * value + 1 for part in ("draws", "replicates", "emulator")}
                partial.append(
                    {"kind": kind, "name": name, "pay": pay, "evppi": value, "low": max(0.0, 0.7 * value - 5), "high": 1.3 * value + 5}
                    | {"share": value / whole if whole else 0.0, **sds, "status": status if kind == "factor" else ""}
                )
    table = frame(pay=PAY, evpi=evpi, low=0.9 * np.array(evpi), high=1.1 * np.array(evpi), per_adult=np.array(evpi))
    return table, pd.DataFrame(partial)


def contested(benefit, cost, factors):
    """Who is best where a factor is low, middling or high."""
    rows = []
    for place, name in enumerate(FACTORS):
        third = np.digitize(factors[:, place], np.quantile(factors[:, place], (1 / 3, 2 / 3)))
        tables = []
        for number, part in enumerate(("low", "middle", "high")):
            net = (SHOWN[1] * benefit - cost)[third == number]
            mean = net.mean(axis=0)
            best = np.bincount(net.argmax(axis=1), minlength=len(ARMS)) / len(net)
            tables.append(frame(factor=name, part=part, arm=ARMS, net_benefit=mean, probability_best=best, best=mean == mean.max()))
        table = pd.concat(tables)
        bests = table[table.best].arm.unique()
        rows.append(table.assign(turns=len(bests) > 1, probability_same=0.4 if len(bests) > 1 else 0.97))
    return pd.concat(rows, ignore_index=True)


def effects(benefit, cost):
    rng, rows = np.random.default_rng(5), []
    for arm in COMPARED:
        place = ARMS.index(arm)
        noise = 1 + 0.3 * rng.standard_normal((DRAWS, 2))
        values = {"mean_trust": benefit[:, place] / 100, "incidence": MEAN[arm][1] * noise[:, 0]}
        values |= {"complaint_rate": MEAN[arm][2] * noise[:, 1], "cost": cost[:, place]}
        for measure, found in values.items():
            own = spread(found)
            row = {"arm": arm, "measure": measure, "unit": UNITS[measure], **own.row("effect"), "share_with_sign": own.share}
            row |= {"share_below_0": (found < 0).mean(), "mean": own.mean, **own.variances()}
            rows.append(row | {"effective_draws": DRAWS, "foretold_by": "emulator"})
    return pd.DataFrame(rows)


def gains(benefit, cost):
    """The table of gains and costs."""
    rows = []
    by = dict(zip(COMPARED, ["training", "", "baseline", "", "training", ""], strict=True))
    for place, arm in enumerate(COMPARED, start=1):
        gain, spent = spread(benefit[:, place]), spread(cost[:, place])
        row = {"arm": arm, **columns(gain, "benefit"), **columns(spent, "cost")} | price(
            gain, spent, ends(benefit[:, place] / cost[:, place], DRAWS)
        )
        rows.append(row | {"effective_draws": DRAWS, "affordable": True, "probability_affordable": np.nan, "dominated_by": by[arm]})
    return pd.DataFrame(rows)


def pareto(table):
    means = table.pivot_table(index="arm", columns="measure", values="mean").reindex(COMPARED)
    means = pd.concat([pd.DataFrame(0.0, index=["baseline"], columns=means.columns), means])[
        ["mean_trust", "incidence", "complaint_rate", "cost"]
    ]
    good = means * np.array([1, -1, -1, -1])
    by = [
        next((other for other in good.index if (good.loc[other] >= good.loc[arm]).all() and (good.loc[other] > good.loc[arm]).any()), "")
        for arm in good.index
    ]
    front = [not name for name in by]
    share = np.where(front, 0.95, 0.1)
    shares = {"probability_on_front": share, "probability_on_front_low": share - 0.05, "probability_on_front_high": share + 0.03}
    return means.reset_index(names="arm").assign(on_front=front, dominated_by=by, **shares)


def decision(seed=1, **changed):
    """A decision of seven options over six uncertain numbers."""
    factors, benefit, cost = draws(seed)
    found, (evpi, evppi), made = effects(benefit, cost), information(benefit, cost, factors), curves(benefit, cost)
    b, c = benefit[:, 1:].mean(axis=0), cost[:, 1:].mean(axis=0)
    table = gains(benefit, cost)
    middle = made[np.isclose(made.pay, SHOWN[1])].set_index("arm").net_benefit
    facts = {"versions": {"confianza": "0"}, "source_fingerprint": "abc", "command": "confianza decide study.yaml", "created": "today"}
    facts |= {"seconds": 1.0, "adults": 1000, "draws": DRAWS, "replicates": 2, "different": DRAWS, "effective": DRAWS, "tied": []}
    sds = {"sd_draws": 0.1, "sd_replicates": 0.2, "sd_emulator": 0.3}
    points = {"point": np.repeat(np.arange(DRAWS), len(COMPARED)), "arm": np.tile(COMPARED, DRAWS)}
    fields = {
        "study": STUDY, "week": 104, "value": {"mean_trust": 100.0}, "unit": "point of mean trust", "pay": PAY, "shown": SHOWN,
        "arms": ARMS, "budget": None, "recommended": str(middle.idxmax()), "facts": facts, "notes": [FEW],
        "q2": frame(arm=COMPARED, benefit=0.9, cost=0.8, benefit_luck=0.1, cost_luck=0.1),
        "table": table, "effects": found, "curves": made, "regret": regret(benefit, cost), "evpi": evpi, "evppi": evppi,
        "pareto": pareto(found), "contested": contested(benefit, cost, factors),
        "intervals": frame(quantity="expected_loss", arm=COMPARED, pay=SHOWN[1], estimate=1.0, **sds, low=0.2, high=1.8),
        "draws": frame(**points, benefit=benefit[:, 1:].ravel(), cost=cost[:, 1:].ravel()),
        "budgets": frame(budget=np.sort(c), arm="training", expected_benefit=b.max(), expected_cost=c.min(), probability_best=0.7),
        "doses": frame(
            family="training", arm=["training"], expected_benefit=[2.4], expected_cost=[1800.0], net_benefit=[1.0], rank=[1],
            budget=[1800.0],
        ),
    }  # fmt: skip
    return Decision(**(fields | changed))


def discovery(arm="purge", **changed):
    """A box of two restrictions in which an arm lowers trust."""
    output = Output(f"effect:{arm}:mean_trust", False, arm, "baseline", "mean_trust", "0-1", 104)
    trajectory = frame(
        step=np.arange(9), phase=["peel"] * 8 + ["box"], restricted=[0, 1, 1, 1, 2, 2, 3, 3, 2], coverage=[*np.linspace(1, 0.2, 8), 0.55],
        density=[*np.linspace(0.25, 0.95, 8), 0.72], mass=[*np.linspace(1, 0.05, 8), 0.19], chosen=np.arange(9) == 8,
    )  # fmt: skip
    box = frame(
        factor=["staffing.recruit_conduct_offset", "purge.turn_to_crime"], low=[np.nan, 0.06], high=[-0.21, np.nan], low_share=[0.0, 0.6],
        high_share=[0.4, 1.0], unit=["log-odds", "share"], meaning=["Conduct of recruits", "Share who turn to crime"],
        kept=["", ""], status=["contested", "lever"], quasi_p=[1e-5, 0.003], bootstrap=[0.98, 0.84], coverage_without=[0.7, 0.8],
        density_without=[0.4, 0.5],
    )  # fmt: skip
    tree = frame(rule=["staffing.recruit_conduct_offset <= -0.3"], n=[90], share=[0.7], coverage=[0.6])
    fields = {
        "study": STUDY, "condition": f"effect:{arm}:mean_trust < 0", "text": f"{arm} lowers trust", "output": output, "week": 104,
        "found": True, "refused": None, "share": 0.25, "coverage": 0.55, "density": 0.72, "mass": 0.19, "p": 0.01, "how": "By means.",
        "trajectory": trajectory, "box": box, "tree": tree,
        "unseen": frame(quantity=["coverage", "density"], mean=[0.5, 0.66], low=[0.4, 0.5], high=[0.6, 0.8]),
        "others": frame(factor=["conduct.mean"], share=[0.2]), "draws": frame(point=[0], value=[0.1], probability=[0.3], case=[False]),
        "sentences": ["Where recruits are worse."], "notes": [], "facts": FACTS,
    }  # fmt: skip
    return Discovery(**(fields | changed))


def found_for(condition, swept):
    """A discovery of the condition that is asked for, whatever the runs say."""
    of = condition.rsplit(maxsplit=2)[0]  # arms may have spaces and colons in their names
    arm, measure = of.partition(":")[2].rsplit(":", 1)
    output = discovery(arm).output._replace(of=of, arm=arm, measure=measure, week=swept.study.at[-1])
    return discovery(arm, study=swept.study, condition=condition, output=output, week=swept.study.at[-1])
