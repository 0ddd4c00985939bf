"""Where scenario files lie, and how a chain of them (`extends`) becomes one.

A child's keys win over its parent's; `city`, `parameters`, `references` and `sources` are merged key by key; `changes` and
`assumptions` are appended; `interventions` and `places` replace the parent's, and parameters that are its state's go with it;
`name`, `question` and `targets` are a file's own. A parent's sources go with the values that a child replaces, and its assumptions that
speak of these are marked (`outdated`).
Every merged value remembers where it was written.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sim.errors import InputError, did_you_mean, shown
from sim.inputs import origins, states
from sim.inputs.assumptions import joined, speaking
from sim.inputs.places import with_table
from sim.inputs.yaml_files import Document, Keys, load_yaml, shown_path

PACKAGE = Path(__file__).parent.parent
KEYS = (
    "name", "question", "extends", "city", "state", "places", "weeks", "spin_up_weeks", "seed", "parameters", "changes", "interventions",
    "references", "sources", "assumptions", "outdated", "targets",
)  # fmt: skip
MERGED = ("city", "parameters", "references", "sources", "outdated")
APPENDED = ("changes", "assumptions")
OWN = ("name", "question", "targets")
LONGEST_CHAIN = 10
STATES = "states"  # folder beside the other shipped scenarios


def shipped_folder() -> Path:
    """The scenarios that come with the program: inside the installed package, or beside it in a checkout."""
    installed = PACKAGE / "shipped"
    return installed if installed.is_dir() else PACKAGE.parent / "scenarios"


def shipped_scenarios() -> list[str]:
    """The names of the scenarios that come with the program.

    Returns
    -------
    list of str
        Sorted.
    """
    return sorted(path.stem for path in shipped_folder().glob("*.yaml"))


def shipped_states() -> list[str]:
    """The names of the scenarios of states, sorted; they lie in a folder of their own."""
    return sorted(path.stem for path in (shipped_folder() / STATES).glob("*.yaml"))


def shipped(name: str) -> Path | None:
    """The file of a shipped scenario or state; None if there is none of that name."""
    for folder, names in ((shipped_folder(), shipped_scenarios()), (shipped_folder() / STATES, shipped_states())):
        if name in names:
            return folder / f"{name}.yaml"
    return None


def shipped_studies() -> dict[str, Path]:
    """Studies and trials that come with the program, by name: of their folder, and of the file if it has a name of its own."""
    installed = PACKAGE / "examples"
    folder = installed if installed.is_dir() else PACKAGE.parent / "experiments"
    files = [path for path in sorted(folder.glob("*/*.yaml")) if path.stem in ("study", "trial") or path.parent.name == "which-reform"]
    return {path.parent.name if path.stem in ("study", "trial") else f"{path.parent.name}-{path.stem}": path for path in files}


def find_study(name_or_path: str | Path) -> str | Path:
    """The path of a study or trial given by its shipped name or by a path; InputError if there is neither."""
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or _is_path(text) or os.path.exists(text):
        return name_or_path
    known = shipped_studies()
    if text in known:
        return known[text]
    beside = os.path.isfile(f"{text}.yaml")
    hint = did_you_mean(text, [text] if beside else known, lambda near: f"the file '{near}.yaml'" if beside else near)
    raise InputError(f"there is no study '{text[:100]}'.", f"{hint}Shipped studies: {', '.join(known)}\nOr give the path of a .yaml file.")


def find(name_or_path: str | Path) -> str:
    """The path of a scenario given by its shipped name or by a path; InputError if there is no such name."""
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or _is_path(text):
        return text
    if path := shipped(text):
        return str(path)
    beside = os.path.isfile(f"{text}.yaml")
    names = [text] if beside else [*shipped_scenarios(), *shipped_states()]
    hint = did_you_mean(text, names, lambda near: f"the file '{near}.yaml'" if beside else near)
    message = f"there is no scenario '{text[:100]}'." if text else "the name of the scenario is empty."
    raise InputError(message, f"{hint}{_listed()}\nOr give the path of a .yaml file.")


def _listed() -> str:
    return f"Shipped scenarios: {', '.join(shipped_scenarios())}; and {len(shipped_states())} states of Mexico, as yucatan"


def _is_path(text: str) -> bool:
    return text.endswith((".yaml", ".yml")) or "/" in text or os.sep in text


def label(path: str) -> str:
    """How provenance names a scenario file: a shipped one by its name, another by its path."""
    folders = {os.path.realpath(folder) for folder in (shipped_folder(), shipped_folder() / STATES)}
    if os.path.realpath(os.path.dirname(path) or ".") in folders:
        return os.path.splitext(os.path.basename(path))[0]
    return shown_path(path)


@dataclass
class Draft:
    """Scenario data merged so far, as plain YAML values, and where each was written."""

    data: dict[str, Any] = field(default_factory=dict)
    where: dict[Keys, tuple[str, int, int]] = field(default_factory=dict)
    lineage: tuple[str, ...] = ()

    def merge(self, document: Document, path: str) -> None:
        """Put a child's file on top of its parents."""
        before, own = self.data, document.data
        offsets = {key: len(before.get(key, ())) for key in APPENDED}
        self.data = {key: value for key, value in before.items() if key not in OWN}
        if "state" in own:
            self.data["parameters"] = states.own(before)
        for key, value in own.items():
            _check_key(document, key, value)
            if key == "references":
                _check_clash(document, before.get(key, {}), value)
            if key in MERGED:
                self.data[key] = {**self.data.get(key, {}), **value}
            elif key in APPENDED:
                self.data[key] = [*self.data.get(key, ()), *value]
            elif key != "extends":
                self.data[key] = value
                self.where = {keys: place for keys, place in self.where.items() if keys[:1] != (key,)}
        for keys in document.values:
            moved = keys
            if len(keys) > 1 and keys[0] in APPENDED:
                moved = (keys[0], int(keys[1]) + offsets[str(keys[0])], *keys[2:])
            self.where[moved] = (document.file, *document.place(keys))
        try:
            self.data = with_table(self.data, os.path.dirname(path))
        except InputError as error:
            raise error if error.file else self.located(error) from None
        if "state" in self.data:
            self.data["parameters"] = states.filled(self.data)
        self._follow(before, document, offsets)
        self.lineage = (*self.lineage, label(path))

    def _follow(self, before: dict[str, Any], document: Document, offsets: dict[str, int]) -> None:
        """Let sources go with the values they were given for, and mark assumptions that speak of what this file changes."""
        own = document.data
        given, old = own.get("sources", {}), offsets["changes"]
        changes, dated = origins.of_changes(own.get("changes", ()), given)
        for place, change in enumerate(changes, old):
            for name in origins.plain(origins.plain(change).get("sources")):
                self.where.setdefault(("changes", place, "sources", name), (document.file, *document.place(("sources", name))))
        if changes:
            self.data["changes"] = [*self.data["changes"][:old], *changes]
        self.data["sources"] = origins.kept(before, self.data, origins.of_start(own, given, dated))
        if before:  # a file that extends nothing inherits no assumption
            dates = [name for change in changes for name in origins.plain(origins.plain(change).get("set"))]
            new = [name for name in dates if origins.usual(name) is not None]
            values = [(name, origins.value_of(before, name)) for name in dict.fromkeys([*origins.changed(before, self.data), *new])]
            self.data["outdated"] = joined(before.get("outdated", {}), speaking(before.get("assumptions", ()), values))
            self.data["references"] = origins.used(self.data, own.get("references", {}))

    def located(self, error: InputError) -> InputError:
        """The error with the file and line where the value it speaks of was written."""
        path = error.path
        while path and path not in self.where:
            path = path[:-1]
        return error.at(*self.where[path])


def drafts(path: str) -> Iterator[Draft]:
    """The scenario as merged so far, after each file of its chain: the eldest first, the file itself last."""
    draft = Draft()
    for document, where in reversed(_chain(path)):
        draft.merge(document, where)
        yield draft


def _check_key(document: Document, key: str, value: Any) -> None:
    """InputError if a top-level key does not exist, or holds no mapping or list where one is needed for merging."""
    error = None
    if key not in KEYS:
        hint = did_you_mean(key, KEYS)
        error = InputError(f"there is no key '{key[:100]}'.", f"{hint}A scenario's keys: {', '.join(KEYS)}")
    elif key in MERGED and not isinstance(value, dict):
        error = InputError(f"'{key}' must be keys with values, but is {shown(value)}.", f"Write {key}: {{...}}, or delete the line.")
    elif key == "outdated" and "extends" in document.data:
        error = InputError("'outdated' is written by the program, in files that extend no other.", "Delete it.")
    elif key in APPENDED and not isinstance(value, list):
        error = InputError(f"'{key}' must be a list, but is {shown(value)}.", f"Write {key}: [...], or delete the line.")
    if error:
        raise error.at(document.file, *document.place((key,)))


def _check_clash(document: Document, inherited: dict[str, Any], own: dict[str, Any]) -> None:
    """InputError if a file gives another meaning to a reference that it inherits."""
    if clash := next((key for key in own if key in inherited and own[key] != inherited[key]), None):
        message = f"the reference '{clash[:100]}' is already there, in a scenario that this one extends, and is another one."
        raise InputError(message, "Give it another name here.").at(document.file, *document.place(("references", clash)))


def _chain(path: str) -> list[tuple[Document, str]]:
    """The file and all it extends, the youngest first, with their paths."""
    chain: list[tuple[Document, str]] = []
    seen: list[str] = []
    while True:
        document = load_yaml(path)
        chain.append((document, path))
        seen.append(os.path.realpath(path))
        if "extends" not in document.data:
            return chain
        try:
            path = _parent(document.data["extends"], path, seen)
        except InputError as error:
            raise error.at(document.file, *document.place(("extends",))) from None


def _parent(name: Any, path: str, seen: list[str]) -> str:
    """The file that `path` extends; InputError if there is none, or if it closes a circle."""
    if not isinstance(name, str) or not name.strip():
        raise InputError(f"'extends' must be the name of a scenario, but is {shown(name)}.", "Write extends: national-average")
    beside = os.path.join(os.path.dirname(path), name if name.endswith((".yaml", ".yml")) else f"{name}.yaml")
    if os.path.isfile(beside):
        parent = beside
    elif known := shipped(name):
        parent = str(known)
    else:
        siblings = [file[:-5] for file in sorted(os.listdir(os.path.dirname(path) or ".")) if file.endswith(".yaml")]
        hint = did_you_mean(name, [*siblings, *shipped_scenarios(), *shipped_states()])
        remedy = f"{hint}Name a file beside this one without .yaml, or a shipped one. {_listed()}"
        raise InputError(f"there is no scenario '{name[:100]}' to extend.", remedy)
    real = os.path.realpath(parent)
    if real == seen[-1]:
        raise InputError("the scenario extends itself.", "Name another file, or delete this line.")
    if real in seen:
        circle = " -> ".join(os.path.basename(file) for file in [*seen[seen.index(real) :], real])
        raise InputError(f"the scenarios extend each other in a circle: {circle}.", "Delete 'extends' from one of them.")
    if len(seen) >= LONGEST_CHAIN:
        raise InputError(f"more than {LONGEST_CHAIN} scenarios extend one another.", "Merge some of them into one file.")
    return parent
