"""Are tables, and the runs below them, those that are archived?

    python experiments/archived.py docs/which-reform out/which-reform-{national,mexico-city}/*.csv [--archive]

takes tables that a study's tables.py wrote into the folders of runs, and compares them, and every number that was read from every run of
these folders, with SHA256SUMS in the folder of the page; the exit code is 1 if any differs. With --archive they take the place of what
is there.
"""

import argparse
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np

from sim import Sweep

SUMS = "SHA256SUMS"


def runs_hash(sweep: Sweep) -> str:
    """Of every number that was read from every run."""
    digest = sha256()
    for measure in sweep.study.measures:
        digest.update(np.ascontiguousarray(sweep.store.cube(measure)).tobytes())
    return digest.hexdigest()


def sums_of(tables: list[Path]) -> dict[str, str]:
    """By name, hashes of each table and of the runs in its folder."""
    sums = {}
    for table in tables:
        sums[table.name] = sha256(table.read_bytes()).hexdigest()
        sums[f"{table.stem} (runs)"] = runs_hash(Sweep.load(table.parent))
    return sums


def main() -> int:
    """Archive, or what differs from what is archived."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page", type=Path, help="folder beside the page")
    parser.add_argument("tables", nargs="+", type=Path)
    parser.add_argument("--archive", action="store_true", help="these take the place of what is archived")
    given = parser.parse_args()
    sums = sums_of(given.tables)
    if given.archive:
        given.page.mkdir(exist_ok=True)
        for table in given.tables:
            (given.page / table.name).write_bytes(table.read_bytes())
        (given.page / SUMS).write_text("".join(f"{digest}  {name}\n" for name, digest in sums.items()), encoding="utf-8")
        return 0
    archived = dict(reversed(line.split("  ", 1)) for line in (given.page / SUMS).read_text(encoding="utf-8").splitlines())
    differing = [name for name, digest in sums.items() if archived.get(name) != digest]
    print(f"Not what is archived: {', '.join(differing)}" if differing else "All as archived.")
    return int(bool(differing))


if __name__ == "__main__":
    sys.exit(main())
