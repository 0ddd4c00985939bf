"""Decisions on anybody's data: draws of what is uncertain, with what each option is worth there, in; tidy tables out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sim.errors import InputError, number_problem, shown
from sim.methods.decision.outcomes import Outcomes
from sim.methods.decision.tables import Choice, curves, evpi, evppi
from sim.methods.indices.inputs import together
from sim.methods.priors import names_in, priors_of, stated
from sim.methods.tables import as_long, check_given, chosen, framed, judges, named, numbers
from sim.methods.threads import single_threaded
from sim.style import Note, note

LEAST = 16  # draws
LARGEST = 1e15


@dataclass(frozen=True)
class Decided:
    """Which option is best, how sure that is, and what is worth finding out.

    table   pay, option; net_benefit (less that of the first option), probability_best, expected_loss, each with _low and _high; frontier:
            has it the greatest expected net benefit at this pay?
    means   option; benefit, cost: means over draws, as they were given, affordable
    evpi    pay, evpi, low, high: expected value of perfect information, a decision
    evppi   name, pay, evppi, low, high, share (of the evpi), sd_draws, sd_replicates, sd_emulator: of partial perfect information
    best    the option on the frontier, by pay
    draws   that were used;  priors: factor, prior, stated
    covers  what intervals cover;  notes: what else a reader must know; str(...) is the sentence
    """

    table: pd.DataFrame
    means: pd.DataFrame
    evpi: pd.DataFrame
    evppi: pd.DataFrame
    best: dict[float, str]
    draws: int
    priors: pd.DataFrame
    covers: Note
    notes: list[Note]


@single_threaded
def decide(
    inputs: Any,
    benefits: Any,
    costs: Any = None,
    *,
    pay: float | Sequence[float] | None = None,
    about: Iterable[Any] | Mapping[str, Iterable[str]] | None = None,
    independent: bool | str | Iterable[str] = False,
    priors: Any = None,
    budget: float | None = None,
    clusters: Any = None,
    validation: Any = None,
    luck: bool | None = None,
    names: Sequence[str] | None = None,
    seed: int = 0,
) -> Decided:
    """Which option is best, how sure that is, and what it would be worth to know more, from draws that are there.

    Parameters
    ----------
    inputs : DataFrame, mapping of columns, array of shape (n, d), or None
        A row a draw of what is uncertain, in natural units. None: the value of knowing everything alone is asked.
    benefits : DataFrame or array of shape (n, K), or mapping from options to n values or n x r replicates
        What each option gives in each draw; the first is what others are compared with. Without costs: net benefits. nan where a
        run failed.
    costs : the same, optional
    pay : number or numbers
        What a unit of benefit is worth, in the unit of costs. Needed if there are costs.
    about : names, lists of names, or mapping from labels to lists of names, optional
        Of what the value of knowing it is asked; by default of each input alone.
    independent : bool, name or names
        Inputs that were drawn without regard to all others. By default none is taken to be: rows are joint draws. What is said here is
        used to take off chance, and is wrong where it is not so.
    priors : mapping, sequence or SALib problem, optional
        As in `sensitivity`. They say how inputs are distributed, not that they are independent.
    budget : number, optional
        Options whose mean cost is above, less that of the first, cannot be chosen.
    clusters : n numbers or names, optional
        Draws with the same one are not independent of each other.
    validation : "random" or n bools, optional
        As in `sensitivity`, for the emulators that take off luck, and chance where inputs are independent.
    luck : bool, optional
        Has replicate j the same luck in all rows? By default yes.
    names : d names of columns, if inputs are an array
    seed : int
        Equal seeds give equal results.

    Returns
    -------
    Decided
        Tidy tables, with what their intervals cover.

    Raises
    ------
    InputError
        One sentence that names table and column: other options or rows in costs, text or holes, fewer than 16 whole draws, one option.

    Notes
    -----
    Probability of being best: Fenwick, Claxton and Sculpher (2001); expected loss: Eckermann and Willan (2011); expected values of
    information: Rothery et al. (2020), the partial ones by regression as in Strong, Oakley and Brennan (2014), with penalties of greatest
    restricted likelihood (Wood 2011).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> effect = rng.normal(0.5, 1, 4000)
    >>> found = decide({"effect": effect}, {"wait": 0 * effect, "act": effect})
    >>> found.best, found.evpi.evpi.round(2).tolist(), found.evppi.evppi.round(2).tolist()
    ({1.0: 'act'}, [0.2], [0.2])
    """
    benefit = _runs(benefits, "benefits")
    n = len(next(iter(benefit.values())))
    options = list(benefit)
    if len(options) < 2:
        raise InputError(f"benefits have one option, '{options[0]}', so there is nothing to choose between.", "Give a column an option.")
    cost = _runs(costs, "costs", options, n) if costs is not None else {name: np.zeros_like(runs) for name, runs in benefit.items()}
    for name in options:
        if benefit[name].shape != cost[name].shape:
            message = f"'{name}' has {benefit[name].shape[1]} replicates in benefits and {cost[name].shape[1]} in costs."
            raise InputError(message, "Give both of the same runs.")
    check_given(seed, inputs, benefits=benefits, costs=costs)
    frame = framed(inputs, "inputs", names or names_in(priors)) if inputs is not None else pd.DataFrame({"nothing": np.zeros(n)})
    as_long(len(frame), n, "inputs", "benefits")
    known, unit = priors_of(frame, numbers(frame, "inputs"), stated(priors, list(frame.columns)))
    alone = chosen(independent, list(frame.columns), "the independent input")
    asked = _about(about, list(frame.columns)) if inputs is not None else {}
    groups = None if clusters is None else np.unique(np.asarray(clusters), return_inverse=True)[1].ravel()
    if groups is not None:
        as_long(len(groups), n, "clusters")
    over = [np.stack([each[name] - each[options[0]] for name in options[1:]], axis=2) for each in (benefit, cost)]
    whole = int(np.isfinite(np.concatenate(over, axis=2)).all(axis=2).any(axis=1).sum())
    if whole < LEAST:
        raise InputError(f"{whole} of {n:,} rows have a value of every option; {LEAST} or more are needed.", "Give more draws.")
    outcomes = Outcomes.of(
        unit, *over, clusters=groups, independent=alone, validation=judges(validation, n, seed), shared=luck is not False, seed=seed,
        sampled=True,
    )  # fmt: skip
    choice = Choice(options, outcomes, _number(budget, "budget") if budget is not None else None, _pays(pay, costs is not None))
    return _decided(choice, asked, benefit, cost, [(name, prior.text, prior.stated) for name, prior in known.items()], inputs is not None)


def _runs(given: Any, table: str, options: list[str] | None = None, n: int | None = None) -> dict[str, np.ndarray]:
    """Runs (n x r) of each option, in the order of the options. InputError that names the table if others are there."""
    if not isinstance(given, Mapping):
        given = framed(given, table, options, letter="option ")
        given = {name: given[name] for name in given}
    found = {str(name): framed(runs, f"{table} of '{name}'", letter="replicate ") for name, runs in given.items()}
    if options is not None and set(found) != set(options):
        other = sorted(set(found) ^ set(options))[0]
        has, lacks = (table, "benefits") if other in found else ("benefits", table)
        raise InputError(f"{has} have the option '{other}', but {lacks} have not.", "Give both of the same options.")
    made = {name: numbers(found[name], f"{table} of '{name}'", holes=True) for name in options or found}
    first = next(iter(made))
    for name, runs in made.items():
        as_long(len(runs), len(made[first]) if n is None else n, f"{table} of '{name}'", f"those of '{first}'" if n is None else "benefits")
        if runs.shape != made[first].shape:
            message = f"{table} of '{name}' have {runs.shape[1]} replicates, but those of '{first}' have {made[first].shape[1]}."
            raise InputError(message, "Give all of the same runs.")
    return made


def _number(given: Any, name: str) -> float:
    plain = given.item() if isinstance(given, np.generic) else given
    if problem := number_problem(plain, -LARGEST if name == "budget" else 0.0, LARGEST, False):
        raise InputError(f"'{name}' {problem}.", "Write a number in the unit of costs.")
    return float(plain)


def _pays(given: Any, costs: bool) -> np.ndarray:
    """p: what a unit of benefit is worth, ascending."""
    if given is None:
        if costs:
            raise InputError("there are costs, but nobody says what a unit of benefit is worth.", "Write pay=20000, or several amounts.")
        return np.ones(1)
    several = [given] if np.ndim(given) == 0 else list(given)
    if not several:
        raise InputError(f"'pay' is {shown(several)} without numbers.", "Write one amount, or several.")
    return np.unique([_number(one, "pay") for one in several])


def _about(given: Any, names: list[str]) -> dict[str, np.ndarray]:
    """Which inputs each question is about (d, bool), by label."""
    if given is None:
        given = names
    elif isinstance(given, str):
        given = [given]
    asked = given.items() if isinstance(given, Mapping) else [(None, one) for one in given]
    found = {}
    for label, one in asked:
        own = named([one] if isinstance(one, str) else one, names, "the input asked about,")
        found[" + ".join(own) if label is None else str(label)] = np.isin(names, own)
    return found


def _decided(
    choice: Choice, asked: dict[str, np.ndarray], benefit: dict[str, np.ndarray], cost: dict[str, np.ndarray], priors: list[Any],
    there: bool,
) -> Decided:  # fmt: skip
    outcomes, table = choice.outcomes, curves(choice, "option")
    worth = evppi(choice, list(asked.values()), range(len(choice.pays))) if asked else []
    found = [one.assign(name=name)[["name", *one.columns]] for name, one in zip(asked, worth, strict=True)]
    means = [
        (name, np.nanmean(benefit[name]), np.nanmean(cost[name]), bool(fine)) for name, fine in zip(benefit, choice.allowed, strict=True)
    ]
    left_out = int((~outcomes.known.runs.kept).sum())
    emulators = [one for one in outcomes.emulators if one is not None]
    alike = together(outcomes.unit) * (outcomes.independent[:, None] | outcomes.independent)
    one, other = (str(priors[place][0]) for place in np.unravel_index(int(alike.argmax()), alike.shape))
    told = [
        (bool(alike.any()), note("said_independent", one=one, other=other, share=alike.max())),
        (left_out > 0, note("rows_left_out", many=left_out)),
        (there and not outcomes.independent.all(), note("rows_are_joint")),
        (there and outcomes.unjudged, note("emulators_unjudged")),
    ]
    what = [(True, note("choice_of_draws")), (outcomes.known.runs.noise is not None, note("luck_of_replicates")),
            (bool(emulators), note("what_emulators_miss"))]  # fmt: skip
    covers = note("covers_rows", what=[one for so, one in what if so], first=choice.options[0])
    front = table[table.frontier]
    return Decided(
        table, pd.DataFrame(means, columns=["option", "benefit", "cost", "affordable"]), evpi(choice),
        pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=["name", "pay", "evppi", "low", "high", "share"]),
        dict(zip(front.pay.tolist(), front.option, strict=True)), len(outcomes.unit),
        pd.DataFrame(priors if there else [], columns=["factor", "prior", "stated"]), covers, [one for so, one in told if so],
    )  # fmt: skip
