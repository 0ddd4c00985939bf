"""Batches and shards: runs that were asked for at one time, and the files into which they are cut.

A batch is a list of wanted runs, fixed when it is made; it is cut into shards by position, so that what a shard holds depends neither
on workers nor on the order in which runs end. A chunk, which is what a killed process may lose, is a shard and a reserve: runs of the
next one, with which other workers begin while the last runs of a shard are waited for.
"""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Annotated, Any, NamedTuple

import numpy as np
from pydantic import Field, Json, with_config
from typing_extensions import TypedDict  # pydantic wants it on Python 3.11

RESERVE = 16  # a chunk is so many times its reserve
KEY = 16  # bytes
Whole = Annotated[int, Field(ge=0)]
Many = Annotated[int, Field(ge=1)]


@with_config(extra="allow")
class BatchOrigin(TypedDict):
    """How a batch was made."""

    created: str
    command: str
    versions: dict[str, str]


class BatchRow(NamedTuple):
    """A batch as the table has it."""

    number: Whole
    kind: str
    study: str
    replicates: Many
    fingerprint: str
    chunk: Many
    first_shard: Whole
    runs: Whole
    keys: bytes
    chosen: bytes
    made: Json[BatchOrigin]

    @property
    def seal(self) -> str:
        """The hash of all but how it was made."""
        return sha256(repr(tuple(self[:-1])).encode()).hexdigest()


@dataclass(frozen=True)
class Batch:
    """Runs that were asked for at one time.

    kind         "new", "extend", "replicates", "retry" or "anew"
    study        the resolved study whose runs these are, as YAML
    replicates   how many of each point and arm that study has here
    fingerprint  hash of the code that makes its runs
    chunk        runs that may be handed out and not recorded at one time
    first_shard  number of its first shard
    keys         of all runs of the study, 16 bytes each, by point, arm and replicate
    chosen       positions among them of those that were not there yet: the runs of this batch, in order
    made         when, by which command and which versions
    """

    number: int
    kind: str
    study: str
    replicates: int
    fingerprint: str
    chunk: int
    first_shard: int
    keys: bytes
    chosen: np.ndarray
    made: dict[str, Any]

    @property
    def reserve(self) -> int:
        """Runs of a chunk that are not of the shard."""
        return min(self.chunk - 1, max(1, self.chunk // RESERVE))

    @property
    def shard_runs(self) -> int:
        """Runs of a shard; the last has what is left."""
        return self.chunk - self.reserve

    @property
    def shards(self) -> range:
        """The numbers of its shards."""
        return range(self.first_shard, self.first_shard - -len(self.chosen) // self.shard_runs)

    def positions(self, shard: int) -> np.ndarray:
        """The runs of one of its shards, as positions among the study's runs."""
        start = (shard - self.first_shard) * self.shard_runs
        return self.chosen[start : start + self.shard_runs]

    @cached_property
    def listed(self) -> list[bytes]:
        """The keys of all runs of the study."""
        return [self.keys[start : start + KEY] for start in range(0, len(self.keys), KEY)]


class Shard(NamedTuple):
    """One file of runs and one of their series, as they were written."""

    number: Whole
    batch: Whole
    runs: Whole
    rows: Whole
    bytes: Whole
    sha256: str
    series_bytes: Whole | None
    series_sha256: str | None
