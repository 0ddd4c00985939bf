"""Which targets a calibration has: layers of them, of which a later one replaces, adds and withdraws."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sim.calibration.state_targets import state_targets
from sim.calibration.targets import EXAMPLE, LAYERS, Target, read_targets, shipped, shipped_layers
from sim.errors import InputError, did_you_mean
from sim.inputs.file_kinds import TARGETS, misplaced
from sim.inputs.scenario import Scenario, load_scenario
from sim.inputs.scenario_files import find
from sim.inputs.yaml_files import Document, load_yaml

NATIONAL, STATE = "national", "state"


class TargetLayer(NamedTuple):
    """What a layer says of each target, a target or why it is withdrawn, and where that is written."""

    name: str
    says: dict[str, Target | str]
    document: Document | None = None
    under: tuple[str, ...] = ()


class Layered(NamedTuple):
    """Targets, and what became of those of earlier layers.

    replaced   by id, those that others took the place of, the earliest first
    withdrawn  by id: the target, the layer that withdrew it, and why
    """

    targets: tuple[Target, ...]
    replaced: dict[str, list[Target]]
    withdrawn: dict[str, tuple[Target, str, str]]


def load_targets(scenario: Scenario | str, layers: Sequence[str | Path] | None = None) -> tuple[Target, ...]:
    """The targets of a scenario, or of a shipped scenario's name; see `layered`."""
    return layered(load_scenario(scenario) if isinstance(scenario, str) else scenario, layers).targets


def layered(scenario: Scenario, layers: Sequence[str | Path] | None = None) -> Layered:
    """The targets of a scenario. InputError, with file and line where there is one, if a layer cannot be used.

    layers  `national`, `state` (the figures of the scenario's), the name of a shipped layer, or the path of a file; by default those that
            the scenario names under `targets`, or `usual_layers`. Files alone stand on these, unless they name `layers` themselves.

    A file is YAML: a pattern's id and what is known, as in targets.yaml but without the name of a layer, or `{withdrawn: why}`; and
    `layers` on which it stands, `references` and `samples` of its own.
    """
    reader = _Reader(scenario)
    if layers is None:
        return _stacked(reader.of_scenario())
    listed = [str(layer) for layer in layers]
    below = reader.of_scenario() if _stand_on_others(listed, Path()) else []
    return _stacked([*below, *reader.all(listed, Path(), Document("--targets", {}))])


def usual_layers(scenario: Scenario) -> list[str]:
    """The country's, those of its state if it names one, and those that are shipped for it alone."""
    own = scenario.lineage[-1] if scenario.lineage else ""
    return [NATIONAL, *([STATE] if scenario.state else []), *([own] if own in shipped_layers() else [])]


def _is_file(layer: str) -> bool:
    return bool(Path(layer).suffix) or os.sep in layer or "/" in layer


def _stand_on_others(listed: Sequence[str], folder: Path) -> bool:
    """Are they files that do not say on what they stand? So that it is on what the scenario has."""
    return all(_is_file(layer) and LAYERS not in _document(folder / layer).data for layer in listed)


class _Reader:
    """Reads layers and those on which files stand, each once."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.seen: set[str] = set()

    def of_scenario(self) -> list[TargetLayer]:
        """What the scenario names, or what is usual for it."""
        where, folder, named = Document(self.scenario.name, {}), Path(), self.scenario.targets
        if named and self.scenario.lineage:
            where = load_yaml(find(self.scenario.lineage[-1]))
            folder = Path(where.file).parent
        usual = usual_layers(self.scenario) if _stand_on_others(named, folder) else []
        return [*self.all(usual, folder, where), *self.all(named, folder, where, "targets")]

    def all(self, listed: Sequence[str], folder: Path, where: Document, key: str = "", above: tuple[str, ...] = ()) -> list[TargetLayer]:
        """The layers of a list that a document has under a key. InputError with the place of the culprit."""
        found: list[TargetLayer] = []
        for place, layer in enumerate(listed):
            try:
                found += self._layers(layer, folder, above)
            except InputError as error:
                raise error if error.file else error.at(where.file, *(where.place((key, place)) if where.values else ())) from None
        return found

    def _layers(self, layer: str, folder: Path, above: tuple[str, ...]) -> list[TargetLayer]:
        """A layer, after those on which it stands."""
        file = folder / layer
        known = os.path.realpath(file) if _is_file(layer) else layer
        if known in above:
            circle = " -> ".join(os.path.basename(each) for each in (*above[above.index(known) :], known))
            raise InputError(f"files of targets stand on each other in a circle: {circle}.", f"Delete one of them under '{LAYERS}'.")
        if known in self.seen:
            if above:  # a file may say on what it stands though that is there
                return []
            raise InputError(f"the layer '{layer[:100]}' is there twice.", "Delete one of them; a later layer replaces an earlier one's.")
        below: list[TargetLayer] = []
        given: Mapping[str, Any]
        if _is_file(layer):
            document = _document(file)
            made, given = TargetLayer(layer, {}, document), document.data
            below = self.all(_stands_on(document), file.parent, document, LAYERS, (*above, known))
        else:
            made, given = self._named(layer, folder)
        self.seen.add(known)
        try:
            return [*below, made._replace(says=read_targets(given, made.name))]
        except InputError as error:
            raise _at(made, error, file) from None

    def _named(self, layer: str, folder: Path) -> tuple[TargetLayer, Mapping[str, Any]]:
        """A layer that the program has, and what is written of it."""
        if layer == STATE:
            if self.scenario.state is None:
                remedy = f"Name it: --set state=Puebla, or state: Puebla in the scenario; or leave '{STATE}' out."
                raise InputError(f"the scenario '{self.scenario.name}' names no state, whose targets '{STATE}' would be.", remedy)
            return TargetLayer(f"{STATE} ({self.scenario.state})", {}), state_targets(self.scenario.state, shipped().data[NATIONAL])
        names = shipped_layers()
        if layer in names:
            return TargetLayer(layer, {}, shipped(), (layer,)), shipped().data[layer]
        beside = (folder / f"{layer}.yaml").is_file()
        called = "the file '{}.yaml'" if beside else "'{}'"
        hint = did_you_mean(layer, [layer] if beside else [*names, STATE], called.format)
        remedy = f"{hint}Layers: {', '.join([*names, STATE])}, or the path of a .yaml file."
        raise InputError(f"there is no layer of targets '{layer[:100]}'.", remedy)


def _document(file: Path) -> Document:
    """A file of targets."""
    try:
        if file.suffix == ".csv":
            raise InputError("targets are written in YAML, not as a table (CSV).", f"{EXAMPLE}\nSave it as a .yaml file.", file=str(file))
        return load_yaml(file, example=EXAMPLE.removeprefix("Write "))
    except InputError as error:
        raise misplaced(error, file, TARGETS) from None


def _stands_on(document: Document) -> list[str]:
    """The layers on which a file stands."""
    listed = document.data.get(LAYERS, [])
    if isinstance(listed, list) and all(isinstance(layer, str) for layer in listed):
        return listed
    error = InputError(f"'{LAYERS}' must be a list of names and files.", f"Write {LAYERS}: [{NATIONAL}, {STATE}], or [] for none.")
    raise error.at(document.file, *document.place((LAYERS,)))


def _at(layer: TargetLayer, error: InputError, file: Path) -> InputError:
    """The error with the place in the layer's file, or a better one if that is another kind of file."""
    if layer.document is None:
        return error.at(layer.name)
    placed = error.at(layer.document.file, *layer.document.place((*layer.under, *error.path)))
    return placed if layer.under else misplaced(placed, file, TARGETS)


def _stacked(layers: Sequence[TargetLayer]) -> Layered:
    """What is left when each layer has had its say. InputError if one withdraws what is not there."""
    targets: dict[str, Target] = {}
    replaced: dict[str, list[Target]] = {}
    withdrawn: dict[str, tuple[Target, str, str]] = {}
    for layer in layers:
        for key, said in layer.says.items():
            before = targets.pop(key, None)
            if isinstance(said, Target):
                targets[key] = said
                replaced.setdefault(key, []).extend([before] if before else [])
                withdrawn.pop(key, None)
            elif before is None:
                error = InputError(f"'{key}' is withdrawn here, but no earlier layer has it.", "Delete it.", path=(key,))
                raise _at(layer, error, Path(layer.name))
            else:
                withdrawn[key] = (before, layer.name, said)
    return Layered(tuple(targets[key] for key in sorted(targets)), {key: each for key, each in replaced.items() if each}, withdrawn)
