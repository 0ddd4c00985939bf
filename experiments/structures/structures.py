"""The reforms of a study under each structure: the whole model, and worlds without one of its mechanisms.

    python experiments/structures/structures.py [STUDY] [--folder out/structures] [--measure mean_trust ...] [--replicates N]

prints a table of effects (middle and 5-95 % over possible cities) under the posterior of each structure, side by side with the weight
that the data give it, and says under which the arm called best is another. The posteriors are those that `confianza calibrate` wrote
for the study's scenario: shipped, or in the folder given with --posteriors. Nothing is averaged and none is chosen.
"""

import argparse
from pathlib import Path

from sim import compare, load_study
from sim.artifacts.posterior import find_posterior, load_posterior, shipped_posteriors

STUDY = Path(__file__).parents[1] / "reforms-compared" / "study.yaml"


def posteriors_of(place: str, folder: Path | None) -> dict[str, Path]:
    """The files of the whole model and of its alternatives, by structure."""
    names = [path.stem for path in sorted(folder.glob("*.csv"))] if folder else shipped_posteriors()
    begin = f"{place}-without-"
    listed = [place, *(name for name in names if name.startswith(begin))]
    return {
        name.replace(begin, "without ").replace(place, "whole"): (folder / f"{name}.csv" if folder else find_posterior(name))
        for name in listed
    }


def main() -> None:
    """Compare under each, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", nargs="?", type=Path, default=STUDY)
    parser.add_argument("--folder", type=Path, default=Path("out/structures"))
    parser.add_argument("--posteriors", type=Path)
    parser.add_argument("--measure", nargs="+", default=["mean_trust"])
    parser.add_argument("--replicates", type=int, help="instead of the study's")
    given = parser.parse_args()
    study = load_study(given.study)
    study = study.with_(replicates=given.replicates or study.replicates)
    place = study.base.lineage[-1]
    files = posteriors_of(place, given.posteriors)
    weights = load_posterior(files["whole"]).facts["structures"]
    print(f"| structure | weight | {' | '.join(f'{arm}: {measure}' for measure in given.measure for arm in study.arms)} | best |")
    print(f"| --- | --- |{' --- |' * (len(study.arms) * len(given.measure) + 1)}")
    for structure, file in files.items():
        made = compare(study.with_(posterior=str(file)), folder=given.folder / structure.replace(" ", "-"))
        told = made.effects().set_index(["measure", "arm"]).sort_index()
        cells = []
        for measure in given.measure:
            rows = {arm: told.loc[(measure, arm)].iloc[-1] for arm in made.compared if arm in study.arms}
            cells += [f"{row.effect:+.4f} ({row.q05:+.4f} to {row.q95:+.4f})" for row in rows.values()]
        first = {arm: told.loc[(given.measure[0], arm)].iloc[-1].effect for arm in study.arms}
        best = max(first, key=first.get)  # type: ignore[arg-type]
        print(
            f"| {structure} | {weights[structure]['weight']:.2f} | {' | '.join(cells)} | {best if first[best] > 0.0 else 'none of them'} |"
        )


if __name__ == "__main__":
    main()
