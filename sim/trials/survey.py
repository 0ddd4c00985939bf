"""Samples and their errors: who is found and answers, and what observers and questionnaires make of an officer."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from sim.trials.design import Trial
from sim.trials.field import STOPS, Field, Measurements
from sim.trials.outcomes import OUTCOMES

ON_FILE = ("complaints", "crime_rate")  # nobody need be asked
SAMPLES, LOT = 1, 2  # what luck of a trial is for, beside the seed of its city


class Observations(NamedTuple):
    """What an evaluator has of one outcome and endline: a row a person (or unit) whose outcome is known.

    before  the baseline: the same person's, or that of their unit if others were asked; nan if unknown
    """

    y: np.ndarray
    before: np.ndarray
    unit: np.ndarray


class Sample(NamedTuple):
    """Persons drawn: their rows, their units, and the smallest size that includes each."""

    rows: np.ndarray
    unit: np.ndarray
    size: np.ndarray


def luck(seed: int, purpose: int, draw: int = 0) -> np.random.Generator:
    """The luck of a trial in one city, apart from the city's own."""
    return np.random.default_rng([seed, purpose, draw])


def drawn(unit: np.ndarray, units: int, sample: float, sizes: tuple[float, ...], generator: np.random.Generator) -> Sample:
    """So many persons, equally many in each unit as far as they divide; a smaller sample is part of a larger one.

    unit  of each person; -1: not in the trial
    """
    persons: np.ndarray = generator.permutation(np.flatnonzero(unit >= 0))
    persons = persons[np.argsort(unit[persons], kind="stable")]
    turn: np.ndarray = generator.permutation(units)[unit[persons]]  # which units get one more than others
    first: np.ndarray = unit[persons].searchsorted(np.arange(units))
    place: np.ndarray = (np.arange(len(persons)) - first[unit[persons]]) * units + turn  # the order in which persons join the sample
    size: np.ndarray = np.array([round(sample * share) for share in sizes]).searchsorted(place, side="right")
    kept = size < len(sizes)
    return Sample(persons[kept], unit[persons[kept]], size[kept])


class TrialSurvey:
    """One draw of samples in one city, with all errors; the waves may be of any arm."""

    def __init__(self, trial: Trial, field: Field, seed: int, draw: int):
        self.trial, self.field = trial, field
        sites = max(1, len(trial.sites))
        generator = luck(seed, SAMPLES, draw)
        citizens = trial.citizens
        self.people = drawn(field.homes, field.units.many, citizens.sample / sites, trial.sizes, generator)
        others = drawn(field.homes, field.units.many, citizens.sample / sites, trial.sizes, generator)
        self.later = self.people if citizens.panel else others
        posts = field.units.officers
        many = len(posts) if trial.officers.sample is None else trial.officers.sample / sites
        self.force = drawn(posts, field.units.many, many, trial.sizes, generator)
        self.person = trial.officers.person_sd * generator.standard_normal(len(posts))
        self.generator = generator
        self.silent = {name: self._silent(name) for name in ("citizens", "officers")}
        self.cache = {name: self._before(name) for name in trial.outcomes}

    def _silent(self, population: str) -> tuple[np.ndarray, np.ndarray]:
        """Who does not answer: at the baseline, at the endline."""
        keys = self.trial.citizens if population == "citizens" else self.trial.officers
        first, last = (self.people, self.later) if population == "citizens" else (self.force, self.force)
        before = self.generator.random(len(first.rows)) < keys.nonresponse
        if last is not first:
            return before, self.generator.random(len(last.rows)) < keys.nonresponse
        return before, before | (self.generator.random(len(last.rows)) < keys.attrition)

    def _before(self, name: str) -> np.ndarray:
        """Baseline values of those who are drawn for the baseline."""
        answered = self._answered(name, self.field.baseline, self._sampled(name, self.people).rows)
        return answered if name in ON_FILE else np.where(self.silent[OUTCOMES[name].population][0], np.nan, answered)

    def _answered(self, name: str, wave: Measurements, rows: np.ndarray) -> np.ndarray:
        """What is heard or seen of some persons."""
        if name in ("knowledge", "attitude"):
            error = self.trial.officers.answer_sd * self.generator.standard_normal(len(rows))
            return wave.values[name][rows] + self.person[rows] + error
        if name in STOPS:
            stops, such = wave.stops[rows, 0].astype(int), wave.stops[rows, 1 + STOPS.index(name)].astype(int)
            seen = np.minimum(stops, self.trial.officers.encounters)
            found = self.generator.hypergeometric(such, stops - such, seen)
            return np.where(wave.same[rows] & (seen > 0), found / np.maximum(seen, 1), np.nan)
        return wave.values[name][rows].astype(float)

    def unit_means(self, name: str) -> np.ndarray:
        """The baseline of each unit, as far as the sample shows it."""
        return means(self.cache[name], self._sampled(name, self.people).unit, self.field.units.many)

    def _sampled(self, name: str, people: Sample) -> Sample:
        """Those on whom an outcome is measured: these people, the officers of the study, all posts (complaints) or all units."""
        units, population = self.field.units, OUTCOMES[name].population
        if population == "citizens":
            return people
        if population == "officers" and name not in ON_FILE:
            return self.force
        unit = np.arange(units.many) if population == "units" else units.officers
        return Sample(np.arange(len(unit)), unit, np.zeros(len(unit), int))

    def observations(self, name: str, wave: Measurements) -> Iterator[Observations]:
        """What the trial would have of an outcome at a wave, for each of its sizes, the smallest first."""
        before, repeated = self.cache[name], OUTCOMES[name].population == "citizens" and not self.trial.citizens.panel
        sample = self._sampled(name, self.later)
        y = self._answered(name, wave, sample.rows)
        if name not in ON_FILE:
            y = np.where(self.silent[OUTCOMES[name].population][1], np.nan, y)
        for size in range(len(self.trial.sizes)):
            kept = np.isfinite(y) & (sample.size <= size)
            covariate = self._unit_means_at(name, size)[sample.unit] if repeated else before
            yield Observations(y[kept], covariate[kept], sample.unit[kept])

    def _unit_means_at(self, name: str, size: int) -> np.ndarray:
        """Baseline of each unit in the sample of one size."""
        kept = self.people.size <= size
        return means(self.cache[name][kept], self.people.unit[kept], self.field.units.many)


def means(values: np.ndarray, group: np.ndarray, groups: int) -> np.ndarray:
    """The mean of each group's known values; nan for a group without any."""
    known = np.isfinite(values)
    size = np.bincount(group[known], minlength=groups)
    return np.bincount(group[known], values[known], groups) / np.where(size > 0, size, np.nan)
