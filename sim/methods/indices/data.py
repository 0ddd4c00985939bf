"""Sensitivity of anybody's data: tables in natural units in, tidy tables out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sim.errors import InputError, counted
from sim.methods.indices.analysis import indices
from sim.methods.indices.inputs import failing, twins
from sim.methods.indices.result import Sensitivity
from sim.methods.priors import Prior, names_in, priors_of, stated
from sim.methods.tables import as_long, check_given, chosen, framed, judges, numbers
from sim.style import Note, note

DEPENDENT = ("delta", "pawn")  # methods for inputs of which nobody says that they are independent


@dataclass(frozen=True)
class Sensitivities:
    """What outputs depend on.

    table         output, factor (an input or a group), then the method's indices with their 95 % intervals: `Sensitivity` lists them
    quality       output, method, points, replicates, q2, q2_low, q2_high (90 % interval), validated (rows that judged it; 0: none), missed,
                  noise_share, refused (why nothing is said; empty if something is), covers (what the intervals cover)
    interactions  output, one, other, share, low, high
    effects       output, factor, u, effect, low, high, value: mean output less the overall mean along an input, in its own unit
    priors        factor, prior, stated (or inferred from the rows)
    notes         what a reader must know: str(...) is the sentence, `sim.style.sentences(notes, "es")` those in Spanish
    each          the whole result of each output
    """

    table: pd.DataFrame
    quality: pd.DataFrame
    interactions: pd.DataFrame
    effects: pd.DataFrame
    priors: pd.DataFrame
    notes: list[Note | str]
    each: dict[str, Sensitivity]
    _below: dict[str, Prior]

    def predict(self, inputs: Any, output: str | None = None) -> np.ndarray:
        """n: what the emulator of an output expects at inputs (n x d, natural units). InputError if there is none."""
        name = next(iter(self.each)) if output is None else output
        if name not in self.each:
            raise InputError(f"there is no output '{name[:100]}'.", f"Outputs: {', '.join(self.each)[:300]}")
        frame = framed(inputs, "inputs", list(self._below))
        if missing := [one for one in self._below if one not in frame]:
            raise InputError(f"inputs lack the column '{missing[0]}'.", f"Columns: {', '.join(self._below)[:300]}")
        values = numbers(frame[list(self._below)], "inputs")
        unit = [np.clip(prior.below(values[:, place]), 0, 1) for place, prior in enumerate(self._below.values())]
        return self.each[name].predict(np.column_stack(unit))


def sensitivity(
    inputs: Any,
    outputs: Any,
    *,
    priors: Any = None,
    groups: Mapping[str, str] | Sequence[str] | None = None,
    independent: bool | None = None,
    method: str | None = None,
    design: Mapping[str, Any] | None = None,
    validation: Any = None,
    luck: bool | None = None,
    names: Sequence[str] | None = None,
    seed: int = 0,
) -> Sensitivities:
    """Which inputs outputs depend on, from runs that are there.

    Parameters
    ----------
    inputs : DataFrame, mapping of columns, or array of shape (n, d)
        A row a run, in natural units.
    outputs : Series or array of shape (n,), array of shape (n, r), DataFrame, or mapping
        One output: n values, or n x r replicates, of which replicate j had the same luck in all rows. Several: a column each, or a mapping
        from names to one of the former. nan where a run failed.
    priors : mapping, sequence or SALib problem, optional
        How inputs were drawn, by name or in their order: (low, high), or a frozen distribution of scipy.stats. A SALib problem states
        bounds, dists and groups. Inputs without one get what their rows look like (see `priors` of the result).
    groups : d names, or mapping from input to group, optional
    independent : bool, optional
        Was each input drawn without regard to the others? By default yes if all priors are stated, else nobody knows.
    method : str, optional
        "emulator" (Sobol indices from any sample that fills its space), "delta" or "pawn" (any sample, inputs may depend on each other),
        or "sobol", "morris", "efast", "oat", for rows of SALib's own designs in their order. By default the emulator if inputs are
        independent, else delta.
    design : mapping, optional
        Of the latter methods: {"second_order": True}, {"levels": 4}, {"harmonics": 4}.
    validation : "random" or n bools, optional
        Rows drawn at random, each by itself, by which the emulator is judged: "random" if all were. By default none, so that its Q2 says
        "not validated".
    luck : bool, optional
        May runs with equal inputs differ? By default yes if there are replicates, or equal rows with different outputs.
    names : d names of columns, if inputs are an array
    seed : int
        Equal seeds give equal results.

    Returns
    -------
    Sensitivities
        Tidy tables, with what their intervals cover. Where nothing can be said, `quality.refused` says why.

    Raises
    ------
    InputError
        One sentence that names table and column: shapes that do not fit, text or holes in inputs, values outside their prior, rows that
        are not those of the method's design.

    Notes
    -----
    Sobol indices from sparse polynomial chaos (Blatman and Sudret 2011) or a Gaussian process, with the one-step correction of Williamson
    et al. (2021) and luck taken off; from a Saltelli design those of Saltelli et al. (2010) and Jansen (1999). Elementary effects: Morris
    (1991); eFAST: Saltelli et al. (1999); delta: Borgonovo (2007); PAWN: Pianosi and Wagener (2018); all four by SALib.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> runs = pd.DataFrame(rng.uniform(0, 10, (200, 2)), columns=["rain", "wind"])
    >>> found = sensitivity(runs, runs.rain**2, priors={"rain": (0, 10), "wind": (0, 10)}, validation="random")
    >>> found.table.set_index("factor").total.round(2).to_dict()
    {'rain': 1.0, 'wind': 0.0}
    """
    check_given(seed, inputs, outputs=outputs)
    frame = framed(inputs, "inputs", names or names_in(priors))
    values, said = numbers(frame, "inputs"), stated(priors, list(frame.columns))
    known, unit = priors_of(frame, values, said)
    alone = all(prior.stated for prior in known.values()) if independent is None else independent
    chosen_method = method or ("emulator" if alone else DEPENDENT[0])
    notes: list[Note | str] = [] if alone or method else [note("nobody_said_independent", method=chosen_method)]
    if not alone and chosen_method not in DEPENDENT:
        raise InputError(
            f"the method '{chosen_method}' needs independent inputs, and nobody said that they are.",
            f"State priors or independent=True; or take method='{DEPENDENT[0]}', which can do without.",
        )
    of = _groups(groups, said.groups, list(frame.columns))
    judged = judges(validation, len(frame), seed)
    found: dict[str, Sensitivity] = {}
    tables = _outputs(outputs, len(frame))
    several = len(tables) > 1
    for name, runs in tables.items():
        lucky = _lucky(values, runs) if luck is None else luck
        if not lucky and luck is None:
            notes.append(note("taken_as_function"))
        made = indices(
            unit, runs, list(frame.columns), method=chosen_method, groups=of, design=design, validation=judged, seed=seed, luck=lucky
        )  # fmt: skip
        rows = np.isfinite(runs).any(axis=1)
        if chosen_method in DEPENDENT:
            made.notes += [*twins(unit[rows], list(frame.columns)), *failing(unit, list(frame.columns), rows)]
        remarks = [remark for remark in made.notes if lucky or remark != note("one_replicate")]
        made.notes = [note("rows_unjudged") if remark == note("q2_may_flatter") else remark for remark in remarks]
        found[name] = made.with_values({one: prior.at for one, prior in known.items()})
        notes += [note("of_output", output=name, said=remark) if several else remark for remark in made.notes]
    return _tidy(found, known, [remark for place, remark in enumerate(notes) if remark not in notes[:place]])


def _outputs(given: Any, n: int) -> dict[str, np.ndarray]:
    """Runs (n x r) of each output."""
    if isinstance(given, pd.DataFrame):
        given = {str(name): given[name] for name in given}
    elif not isinstance(given, Mapping):
        given = {str(given.name) if isinstance(given, pd.Series) and given.name is not None else "y": given}
    if not given:
        raise InputError("there is no output.", "Give a value a row.")
    found = {}
    for name, runs in given.items():
        frame = framed(runs, f"runs of '{name}'", letter="replicate ")
        as_long(len(frame), n, f"runs of '{name}'")
        found[str(name)] = numbers(frame, f"runs of '{name}'", holes=True)
        if not np.isfinite(found[str(name)]).any():
            raise InputError(f"every run of '{name}' is nan, so there is nothing to analyze.", "See why these runs failed.")
    return found


def _lucky(values: np.ndarray, runs: np.ndarray) -> bool:
    """Do runs with equal inputs differ, or may they because there are several?"""
    if runs.shape[1] > 1:
        return True
    _, place, many = np.unique(values, axis=0, return_inverse=True, return_counts=True)
    again = (many[place.ravel()] > 1) & np.isfinite(runs[:, 0])
    spread = pd.Series(runs[again, 0]).groupby(place.ravel()[again]).agg(np.ptp) if again.any() else pd.Series([0.0])
    return bool((spread > 1e-9 * max(float(np.nanmax(np.abs(runs))), 1e-300)).any())


def _groups(given: Any, of_problem: list[str] | None, names: list[str]) -> list[str] | None:
    if given is None:
        return of_problem
    if isinstance(given, Mapping):
        chosen(list(given), names, "the group's input")
        return [str(given.get(name, name)) for name in names]
    if len(given) != len(names):
        raise InputError(
            f"inputs have {counted(len(names), 'column')}, but groups have {len(given)}.", "Give each input the name of its group."
        )
    return [str(group) for group in given]


def _tidy(found: dict[str, Sensitivity], known: dict[str, Prior], notes: list[Note | str]) -> Sensitivities:
    def joined(part: str) -> pd.DataFrame:
        there = {name: frame for name, one in found.items() if (frame := getattr(one, part)) is not None}
        frames = [frame.assign(output=name)[["output", *frame.columns]] for name, frame in there.items()]
        filled = [frame for frame in frames if len(frame)] or frames[:1]
        return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=["output"])

    facts = ("method", "points", "replicates", "q2", "q2_low", "q2_high", "validated", "missed", "noise_share")
    quality = [
        {"output": name, **{fact: getattr(one, fact) for fact in facts}, "refused": str(one.refused or ""), "covers": str(one.covers)}
        for name, one in found.items()
    ]  # fmt: skip
    priors = [{"factor": name, "prior": prior.text, "stated": prior.stated} for name, prior in known.items()]
    table, interactions, effects = (joined(part) for part in ("table", "interactions", "effects"))
    return Sensitivities(table, pd.DataFrame(quality), interactions, effects, pd.DataFrame(priors), notes, found, known)
