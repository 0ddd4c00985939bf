"""All runs of a store in one file: Parquet, CSV or NetCDF. Series go through memory a part at a time."""

from collections.abc import Callable, Iterator
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from sim.errors import InputError, shown
from sim.files.steady import steadily
from sim.files.writing import check_files, write_file
from sim.measures import MEASURES
from sim.measures.harvest import VARIABLES
from sim.studies.design.points import Points
from sim.studies.running.store import SweepStore, weeks_of

KIND = "export"
DIMENSIONS = ("point", "arm", "replicate", "week")


def export(store: SweepStore, points: Points, path: Path, *, series: bool) -> Path:
    """Write a tidy table (.parquet, .csv), joined with the values of what varies, or arrays point x arm x replicate x week (.nc).

    InputError if the suffix is another one, the study keeps no series, or the file cannot be written.
    """
    writers: dict[str, Callable[[SweepStore, Points, bool, BinaryIO], None]] = {".parquet": _parquet, ".csv": _csv, ".nc": _netcdf}
    if path.suffix not in writers:
        raise InputError(f"{shown(path.suffix)} is no kind of file that can be written.", f"End the name with {', '.join(writers)}.")
    if series and not store.study.series:
        raise InputError("this study keeps no series.", "Write series: [mean_trust, crimes] in a study, and sweep that.")
    check_files(path.parent, [path.name], KIND)
    content = partial(writers[path.suffix], store, points, series)
    return write_file(path, steadily(content) if path.suffix == ".nc" else content, KIND)


def _tables(store: SweepStore, points: Points, series: bool) -> Iterator[pd.DataFrame]:
    """The rows, some at a time."""
    for frame in store.series() if series else [store.runs()]:
        yield frame.join(points.values, on="point")


def _csv(store: SweepStore, points: Points, series: bool, stream: BinaryIO) -> None:
    text = TextIOWrapper(stream, encoding="utf-8", errors="backslashreplace", newline="")
    for number, frame in enumerate(_tables(store, points, series)):
        frame.to_csv(text, index=False, header=number == 0)
    text.detach()


def _parquet(store: SweepStore, points: Points, series: bool, stream: BinaryIO) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer = None
    try:
        for frame in _tables(store, points, series):
            table = pa.Table.from_pandas(frame, preserve_index=False)
            writer = writer or pq.ParquetWriter(stream, table.schema, compression="zstd")
            writer.write_table(table)
    finally:
        if writer:
            writer.close()


def _netcdf(store: SweepStore, points: Points, series: bool, stream: BinaryIO) -> None:
    """Arrays with units; those of series are written run by run, so that they need not fit into memory."""
    import h5netcdf

    study = store.study
    shape = store.shape
    weeks = np.arange(-study.base.spin_up_weeks, study.base.weeks) if series else np.array(study.at)
    assert not series or len(weeks) == weeks_of(study)
    with h5netcdf.File(stream, "w") as file:
        file.dimensions = dict(zip(DIMENSIONS, (*shape, len(weeks)), strict=True))
        file.attrs["title"], file.attrs["study"] = study.name, store.batch.study
        for name, values in {"point": np.arange(shape[0]), "replicate": np.arange(shape[2]), "week": weeks}.items():
            file.create_variable(name, (name,), data=values)
        file["week"].attrs["units"] = "week"
        if points.checks:
            made = file.create_variable("validation", ("point",), data=points.validation.astype(np.int8))
            made.attrs["long_name"] = "1: not of the design but drawn at random, to try what was learned from it"
        arms = list(study.sweep_arms())
        file.create_variable("arm", ("arm",), data=np.array(arms, dtype=object), dtype=_text())
        for factor in study.factors():
            values = points.values[factor.name].to_numpy()
            made = file.create_variable(factor.name, ("point",), data=values, dtype=_text() if values.dtype.kind in "OUT" else None)
            made.attrs["units"], made.attrs["long_name"] = factor.unit, factor.description
        if series:
            _fill_series(store, file, arms, len(weeks))
        else:
            for name in study.measures:
                made = file.create_variable(name, DIMENSIONS, data=store.cube(name))
                made.attrs["units"], made.attrs["long_name"] = MEASURES[name].unit, MEASURES[name].description


def _fill_series(store: SweepStore, file: Any, arms: list[str], weeks: int) -> None:
    """Write every series of every run into its place."""
    for name in store.study.series:
        made = file.create_variable(name, DIMENSIONS, dtype=np.float32, fillvalue=np.float32(np.nan))
        made.attrs["units"], made.attrs["long_name"] = VARIABLES[name][1:]
    for frame in store.series():
        for start in range(0, len(frame), weeks):
            run = frame.iloc[start : start + weeks]
            place = (int(run.point.iloc[0]), arms.index(run.arm.iloc[0]), int(run.replicate.iloc[0]))
            for name in store.study.series:
                file[name][place] = run[name].to_numpy()


def _text() -> Any:
    import h5py

    return h5py.string_dtype()
