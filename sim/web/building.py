"""What the module exports, and of which sources it was made.

python -m sim.web.building    builds it anew (`make web`)
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from sim.artifacts.sources import PACKAGE, meaning
from sim.errors import InputError
from sim.files.writing import place
from sim.inputs.scenario import load_scenario
from sim.world import arithmetic, observe, population, schedule, series, trusting, voices
from sim.world.compiled.webassembly import webassembly
from sim.world.parameters import CODEBOOK, parameters
from sim.world.reforms import REFORMS, Purge
from sim.world.reforms.common import Moment, numbers
from sim.world.reforms.purge import Files
from sim.world.state import ROW, clock

MODULE = Path(__file__).with_name("city.wasm")
SECTION = b"\x00\x2a\x09confianza"  # a section of WebAssembly that is not run: of 42 bytes, its name and a fingerprint of 32
SOURCES = ("world/*.py", "world/rules/*.py", "world/reforms/*.py", "world/compiled/*.py", "web/building.py")


def entries() -> dict[Any, tuple[Any, ...]]:
    """Every entry that a city needs on its way, with arguments of the types that it is called with."""
    p, now = parameters(), clock(0, 0)
    city = population.empty_city(load_scenario("national-average").with_(city={"adults": 1_000}).city, p, 1)
    columns: Any = [np.zeros(1, ROW), np.zeros(1), np.zeros(1, np.int64), np.zeros((1, 2))]
    rows, few, whole, table = columns
    answers = observe.Answers(np.zeros(1, np.int8), few, np.zeros(1, np.int8))
    seen, asked = observe.Seen(city.citizens, city.cells), observe.Questionnaire(p.trust, p.survey)
    room = observe.Room(*np.zeros((len(observe.Room._fields), 1)))
    return {
        population.populate: (city, p, now),
        schedule.advance: (1, city, p, now),
        observe.ask: (rows, answers, np.zeros((1, 4), np.int64), room, seen, asked, now),
        trusting.fill_in: (few, few, city),
        trusting.take_back: (few, few, city),
        trusting.sum_up_dispositions: (city,),
        voices.cast: (few, 0, now.seed, 0, 0),
        voices.say: (table, table, whole, few, 0.0, now.seed, 0, 0),
        voices.rate: (table, table, whole, 0.0, now.seed, 0, 0),
        voices.tally: (table, whole, few, few),
        series.sum_up_weeks: (table, table, city.record, few, few, 1, 1),
        **_reforms(city, p, table),
        arithmetic.fill_exps: (few, few),
    }


def _reforms(city: Any, p: Any, table: Any) -> dict[Any, tuple[Any, ...]]:
    """What reforms set, what they do when they are due, and what weeks cost: of each the entries that it has."""
    made: dict[Any, tuple[Any, ...]] = {}
    few = table[0]
    moment = Moment(np.uint64(0), np.uint64(0), 0, 0)
    whole: np.ndarray = np.zeros(1, np.int32)
    files = Files(whole, whole, whole, whole, whole, few, np.zeros(1, bool))
    for kind in REFORMS.values():
        if not (parts := vars(kind).get("parts")):  # it is one of somebody's own
            continue
        r = numbers(parts.levers, kind(start=0))
        act = (r, city, p, moment, np.ones(1, bool), few, *([files] if kind is Purge else []))
        took = {parts.set: (few, r, 0), parts.act: act, parts.run: (r, city, p, moment, city.record.counts, table)}
        made |= {entry: values for entry, values in took.items() if entry}
    return made


def fingerprint() -> bytes:
    """Hash of what all sources of the module do, and of the order of parameters (32 bytes)."""
    sources = meaning(file for pattern in SOURCES for file in PACKAGE.glob(pattern))
    return hashlib.sha256(sources + json.dumps(list(CODEBOOK)).encode()).digest()


def built() -> bytes:
    """The module, made anew: in a process of its own, which compiles nothing else (see `webassembly`)."""
    return webassembly(entries()) + SECTION + fingerprint()


def main() -> int:
    """Build it and put it in its place; 2 if that cannot be done."""
    try:
        module = built()
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    place(MODULE, module)
    print(f"{MODULE.name}: {len(module):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
