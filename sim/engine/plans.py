"""What is to be run: a plan lists runs, each a pure function of the plan's text and of which run it is; and what is kept of them.

Whoever lists runs also carries them out: a worker in a thread, in a process or on another machine reads the plan from its text.
"""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from importlib import import_module
from typing import Any, ClassVar, Generic, NamedTuple, Protocol, Self, TypeVar

import numpy as np

from sim.artifacts.bits import code
from sim.errors import InputError
from sim.inputs.reforms import as_data
from sim.inputs.scenario import Scenario
from sim.inputs.yaml_files import parse
from sim.measures.harvest import warm_up
from sim.world.parameters import flat

Pulse = Callable[[int], None]
OTHER_CODE = "this worker has other code or versions"


class RunSpec(NamedTuple):
    """Which run: a point of the design, an arm of the study, a replicate."""

    point: int
    arm: str
    replicate: int


class Failure(NamedTuple):
    """A run that raised an error."""

    point: int
    arm: str
    replicate: int
    values: str  # of what varies, as JSON
    error: str  # type and message
    traceback: str


class Piece(NamedTuple):
    """What is kept of some runs, in their order.

    rows      columns of equal length, as many rows a run as the plan says; an array with more axes is a list in each row
    series    the same of weekly series; None if none are asked for
    failures  runs that are missing from both
    """

    rows: dict[str, np.ndarray]
    series: dict[str, np.ndarray] | None
    failures: list[Failure]


class Shape(NamedTuple):
    """How many runs a plan has, by what."""

    points: int
    arms: tuple[str, ...]
    replicates: int


class Plan(ABC):
    """A list of runs, and how each is done.

    kind      what it is called in a journal
    weekly    is progress told in weeks? Otherwise in runs
    replicates  of each point and arm
    """

    kind: ClassVar[str]
    weekly: ClassVar[bool] = True
    replicates: int

    @classmethod
    @abstractmethod
    def read(cls, text: str, replicates: int) -> Self:
        """The plan whose `text` this is."""

    @property
    @abstractmethod
    def text(self) -> str:
        """All that its runs depend on, as YAML or JSON."""

    @property
    @abstractmethod
    def shape(self) -> Shape:
        """Points, arms and replicates."""

    @property
    @abstractmethod
    def facts(self) -> Mapping[str, Any]:
        """For people and archives: title, question, root_seed, file (of its text), columns and series (names of what is kept)."""

    @abstractmethod
    def keys(self) -> list[bytes]:
        """A name of 16 bytes for each run, of all that its kept numbers depend on and of nothing else."""

    def indices(self, positions: np.ndarray) -> tuple[Any, ...]:
        """Number of the point, of the arm and of the replicate of runs at these places of the list."""
        points, arms, replicates = self.shape
        return np.unravel_index(positions, (points, len(arms), replicates))

    def specs(self, positions: np.ndarray) -> list[RunSpec]:
        """The runs at these places of the list."""
        arms = self.shape.arms
        which = (axis.tolist() for axis in self.indices(positions))
        return [RunSpec(point, arms[arm], replicate) for point, arm, replicate in zip(*which, strict=True)]

    def __len__(self) -> int:
        """How many runs it lists."""
        points, arms, replicates = self.shape
        return points * len(arms) * replicates

    @abstractmethod
    def cost(self, spec: RunSpec) -> tuple[int, int]:
        """Weeks of a run, and adult-weeks: about."""

    @property
    def together(self) -> int:
        """So many runs that follow each other are done at less cost by one worker than by several; their results are the same."""
        return 1

    def kept_bytes(self) -> int:
        """Bytes that are kept of a run, about."""
        return 0

    def values(self, specs: Sequence[RunSpec]) -> tuple[Mapping[str, Any], ...]:
        """What varies, for each of some runs."""
        return ({},) * len(specs)

    def as_text(self) -> str:
        """What a worker has to know: the text, or less of it where `values` bring the rest."""
        return self.text

    @abstractmethod
    def carry_out(self, specs: Sequence[RunSpec], values: Sequence[Mapping[str, Any]], pulse: Pulse) -> Piece:
        """Do some runs.

        pulse   called with each number of weeks that has been simulated, or with each run that is done (see `weekly`); what it raises
                ends the work
        """


class Written(Protocol):
    """What somebody wrote into a file: a scenario, a study, a trial."""

    @property
    def name(self) -> str: ...

    @property
    def question(self) -> str: ...

    def to_yaml(self) -> str: ...


W = TypeVar("W", bound=Written)


class WrittenPlan(Plan, Generic[W]):
    """The plan of what somebody wrote; by default of replicates of one arm, that have the name of its kind.

    asked    what was written
    file     name of a file for its text
    of       makes it of what its text says
    columns  names of what is kept of each run
    """

    file: ClassVar[str]
    of: ClassVar[Callable[..., Any]]
    columns: ClassVar[Sequence[str]] = ()

    def __init__(self, asked: W, replicates: int):
        self.asked, self.replicates = asked, replicates

    @classmethod
    def read(cls, text: str, replicates: int) -> Self:
        return cls(cls.of(**parse(text.encode(), cls.file).data), replicates)

    @cached_property
    def text(self) -> str:
        return self.asked.to_yaml()

    @property
    @abstractmethod
    def base(self) -> Scenario:
        """The city, the horizon and the root seed of its runs."""

    @property
    def shape(self) -> Shape:
        return Shape(1, (self.kind,), self.replicates)

    @property
    def facts(self) -> dict[str, Any]:
        told = {"title": self.asked.name, "question": self.asked.question, "root_seed": self.base.seed, "file": self.file}
        return told | {"columns": tuple(self.columns), "series": ()}

    def cost(self, spec: RunSpec) -> tuple[int, int]:
        weeks = self.base.spin_up_weeks + self.base.weeks
        return weeks, weeks * self.base.city.adults


def job_of(plan: Plan) -> bytes:
    """What workers are told, below a line with the hash of the sources and with the class that carries it out."""
    maker = type(plan)
    return f"# sources: {code()} {maker.__module__}:{maker.__name__}\n{plan.as_text()}".encode()


def plan_of(job: bytes) -> Plan:
    """The plan of a job. InputError if the code that made the job is not the code that is to carry it out."""
    first, _, text = job.partition(b"\n")
    theirs, _, maker = first.removeprefix(b"# sources: ").decode().partition(" ")
    if theirs != code():
        raise InputError(
            f"{OTHER_CODE} ({code()}) than the study was started with ({theirs}).",
            "Install the same version of Confianza, Python, NumPy and numba everywhere, and start the workers anew.",
        )
    return _read(maker, text)


@lru_cache(4)
def _read(maker: str, text: bytes) -> Plan:
    module, _, name = maker.partition(":")
    plan: Plan = getattr(import_module(module), name).read(text.decode(), 1)
    return plan


def perform(job: bytes, specs: Sequence[RunSpec], values: Sequence[Mapping[str, Any]], pulse: Pulse | None = None) -> Piece:
    """Do some runs of a plan, and keep what it asks for.

    job     of `job_of`
    specs   which runs
    values  of what varies, for each run
    pulse   see `Plan.carry_out`
    InputError if the job was made by other code
    """
    plan = plan_of(job)
    warm_up()
    return plan.carry_out(specs, values, pulse or (lambda amount: None))


def identity(scenario: Scenario) -> bytes:
    """The hash of all that a run of a scenario depends on, but for its luck: not of its names, sources and assumptions."""
    city = scenario.model_dump(include={"city", "weeks", "spin_up_weeks", "seed"})
    changes = [[change.week, sorted(change.set.items())] for change in scenario.changes]
    reforms = [as_data(reform) for reform in scenario.interventions]
    return hashed(code(), city, changes, sorted(flat(scenario.values()).items()), reforms)


def hashed(*facts: object) -> bytes:
    """16 bytes for what JSON can hold, and bytes."""
    plain = json.dumps(facts, default=lambda one: one.hex() if isinstance(one, bytes) else one.item())
    return hashlib.blake2b(plain.encode(), digest_size=16).digest()


def stacked(specs: Sequence[RunSpec], seeds: Sequence[int], kept: Sequence[Mapping[str, Any]]) -> dict[str, np.ndarray]:
    """`Piece.rows` of runs of which each kept the same names: which run, its seed, and a row of everything."""
    which = {
        "point": np.array([spec.point for spec in specs], np.uint32),
        "arm": np.array([spec.arm for spec in specs], str),
        "replicate": np.array([spec.replicate for spec in specs], np.uint32),
        "seed": np.array(seeds, np.int64),
    }
    return which | {name: np.stack([np.asarray(one[name]) for one in kept]) for name in kept[0]}
