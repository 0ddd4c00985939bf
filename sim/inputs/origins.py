"""Where the values of a scenario come from: each has the source that its own file gives for it, and no source outlives its value.

These functions work on plain data, as files have it and as `Scenario.model_dump` gives it, so that merging files, changing a scenario in
Python and reading an old report follow the same rule. A value that is equal to its parent's is its parent's, source included.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sim.inputs import places, states
from sim.inputs.city_size import CitySize
from sim.world.parameters import CODEBOOK, REFERENCES, Reference

Data = Mapping[str, Any]
ASSUMED, DESIGN, POSTERIOR = "assumed", "design", "posterior"
WORDS = {ASSUMED: "no source", DESIGN: "a point of a study's design", POSTERIOR: "a draw of a posterior"}  # sources that are no reference
NONE_GIVEN = "no source given"


def usual(name: str) -> Any:
    """The value of a parameter or of a key of the city where no file sets it; None if there is none such."""
    if name in CODEBOOK:
        return CODEBOOK[name].value
    field = CitySize.model_fields.get(name.removeprefix("city."))
    return field.default if field is not None and name.startswith("city.") else None


def value_of(data: Data, name: str) -> Any:
    """The value in force at the start: of a parameter, of a key of the city, of stated places, or of a lever (of each reform with it)."""
    topic, _, key = name.partition(".")
    if topic == "stated":
        return places.said(data).get(name)
    if name not in CODEBOOK and topic != "city":
        listed = data.get("interventions") or ()
        return [plain(plain(one)[topic]).get(key) for one in listed if topic in plain(one)] if isinstance(listed, list | tuple) else []
    found = plain(data.get("city")).get(key) if topic == "city" else plain(data.get("parameters")).get(name)
    return usual(name) if found is None else found


def written(data: Data) -> list[str]:
    """The parameters, keys of the city and kinds of places that the data set; not what is no name of one."""
    city = [f"city.{key}" for key, value in plain(data.get("city")).items() if value is not None and key in CitySize.model_fields]
    return [*city, *(name for name in plain(data.get("parameters")) if name in CODEBOOK), *places.said(data)]


def changed(before: Data, after: Data) -> list[str]:
    """Parameters and keys of the city that have another value after than before."""
    return [name for name in dict.fromkeys((*written(before), *written(after))) if value_of(before, name) != value_of(after, name)]


def kept(before: Data, after: Data, given: Data) -> dict[str, Any]:
    """The sources after a change of values: those of values that are still the same, and those now `given`."""
    old = before.get("sources") or {}
    return {name: keys for name, keys in old.items() if value_of(before, name) == value_of(after, name)} | dict(given)


def of_changes(changes: Iterable[Any], sources: Data) -> tuple[list[Any], set[str]]:
    """Dated changes (plain data), each with the sources of what it sets, and the names whose source was taken from `sources`.

    A change that has sources of its own keeps them; {}: none is given.
    """
    made: list[Any] = []
    taken: set[str] = set()
    for change in changes:
        if isinstance(change, Mapping) and change.get("sources") is None:
            own = {name: sources[name] for name in plain(change.get("set")) if name in sources}
            change = {**change, "sources": own}
            taken |= own.keys()
        made.append(change)
    return made, taken


def of_start(data: Data, sources: Data, dated: Iterable[str]) -> dict[str, Any]:
    """Sources of the values at the start: without those that speak of dated changes alone."""
    only_dated = set(dated) - set(written(data))
    return {name: keys for name, keys in sources.items() if name not in only_dated}


def keys_of(data: Data, name: str) -> tuple[str, ...]:
    """The sources of a value at the start, as keys; none: no source is given.

    A value that no file sets has the codebook's, or that of the states; the usual sizes of the city are assumed.
    """
    given = (data.get("sources") or {}).get(name)
    if given is not None:
        return as_keys(given)
    if (value := value_of(data, name)) != usual(name):
        return (states.states().source,) if states.of_state(data).get(name, usual(name)) == value else ()
    return CODEBOOK[name].source if name in CODEBOOK else (ASSUMED,)


def as_keys(keys: Any) -> tuple[Any, ...]:
    """One source or several as a tuple."""
    return tuple(keys) if isinstance(keys, list | tuple) else (keys,)


def plain(given: Any) -> Mapping[str, Any]:
    """The mapping; an empty one if it is none."""
    return given if isinstance(given, Mapping) else {}


def stated(data: Data) -> list[tuple[str, str]]:
    """Each value that the data set with its source, in words: ("encounter.stop_rate (week 208)", "no source given")."""
    start = [(name, keys_of(data, name)) for name in dict.fromkeys((*written(data), *plain(data.get("sources"))))]
    dated = [
        (f"{name} (week {change['week']})", as_keys(plain(change.get("sources")).get(name, ())))
        for change in data.get("changes") or ()
        for name in change["set"]
    ]
    return [(name, ", ".join(keys) or NONE_GIVEN) for name, keys in [*start, *dated]]


def missing(data: Data) -> list[tuple[str, int | None]]:
    """What has no source: a parameter or key of the city, and the week of the dated change that sets it, if it is one."""
    found: list[tuple[str, int | None]] = [(name, None) for name in written(data) if not keys_of(data, name)]
    for change in data.get("changes") or ():
        found += [(name, change["week"]) for name in change["set"] if not plain(change.get("sources")).get(name)]
    return found


def unsourced(data: Data) -> list[str]:
    """The same as messages name it: "city.adults", "encounter.stop_rate (week 208)"."""
    return [name if week is None else f"{name} (week {week})" for name, week in missing(data)]


def marked(data: Data) -> list[tuple[str, list[str]]]:
    """The assumptions, each with the changed numbers that it speaks of."""
    outdated = plain(data.get("outdated"))
    texts = enumerate(data.get("assumptions") or (), 1)
    return [(" ".join(text.split()), [name for name, places in outdated.items() if place in places]) for place, text in texts]


def facts(data: Data) -> dict[str, Any]:
    """What provenance says beside the values: own references, what has no source, and assumptions that speak of changed numbers."""
    return {
        "references": {key: dict(given) for key, given in plain(data.get("references")).items()},
        "no_source_given": unsourced(data),
        "outdated_assumptions": {text: names for text, names in marked(data) if names},
    }


def cited(data: Data) -> set[str]:
    """The keys of all sources that the data name."""
    parts = [data.get("sources"), *(plain(change).get("sources") for change in data.get("changes") or ())]
    return {key for part in parts for keys in plain(part).values() for key in as_keys(keys) if isinstance(key, str)}


def used(data: Data, own: Data) -> dict[str, Any]:
    """The references that are cited, and those of a file's own, cited or not."""
    needed = cited(data)
    return {key: given for key, given in plain(data.get("references")).items() if key in needed or key in own}


def references(data: Data) -> dict[str, Reference]:
    """The program's references and those of the data."""
    return {**REFERENCES, **{key: Reference.of(plain(given)) for key, given in plain(data.get("references")).items()}}
