"""What the code says of itself: the schedule of the week, and who reads and writes what, read from the syntax trees.

Nothing is imported or run, so the command line can print it at once, and it cannot disagree with the code.
"""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from sim.world.parameters import CODEBOOK

FOLDER = Path(__file__).parent
PROCESSES = (
    "intervene", "staff", "age", "patrol", "offend", "report", "respond", "stop", "tell", "settle", "learn", "bond", "forget", "observe",
)  # fmt: skip
BUILDS, REFORMS = "sim/world/population.py", "sim/world/reforms/"
ROOM = ("", "scratch", "search")  # for what phases note on the way, without meaning afterwards
INTERVENE = "Dated changes of parameters take effect and reforms that are due act, between compiled stretches."


class Uses(NamedTuple):
    """What a function reads, writes and draws, including what the functions it calls do."""

    reads: frozenset[str]  # "citizens.fairness"
    writes: frozenset[str]
    parameters: frozenset[str]  # "trust.contact_gain"
    draws: frozenset[str]  # "PERCEPTION"

    def with_(self, other: "Uses") -> "Uses":
        """Both together."""
        return Uses(*(mine | theirs for mine, theirs in zip(self, other, strict=True)))


class Step(NamedTuple):
    """A line of the schedule."""

    number: int  # of the process, 1-14
    process: str
    phase: str
    rows: str  # the table whose rows act
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    parameters: tuple[str, ...]
    text: str


def files() -> list[Path]:
    """Those whose functions make a city, run its week or reform it; neither rules nor what they are all made with."""
    places = (FOLDER, FOLDER / "reforms")
    return sorted(path for place in places for path in place.glob("*.py") if path.name != "rng.py")


@cache
def functions() -> dict[str, tuple[str, ast.FunctionDef]]:
    """Every function of the world's files by name, and every method as `Class.name`, with its file."""
    found: dict[str, tuple[str, ast.FunctionDef]] = {}
    for path in files():
        file = f"sim/world/{path.relative_to(FOLDER).as_posix()}"
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                found[node.name] = (file, node)
            elif isinstance(node, ast.ClassDef):
                found |= {f"{node.name}.{part.name}": (file, part) for part in node.body if isinstance(part, ast.FunctionDef)}
    return found


def _chain(node: ast.expr, aliases: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """`city.citizens.fairness` as a tuple of names, through local names for parts of it; empty if it is something else."""
    match node:
        case ast.Name(id=name):
            return aliases.get(name, (name,))
        case ast.Attribute(value=value, attr=name) if before := _chain(value, aliases):
            return (*before[before == ("scene",) :], name)  # what a reform sees is the same city and p
    return ()


def _aliases(function: ast.FunctionDef) -> dict[str, tuple[str, ...]]:
    """Local names that stand for a table or a topic: `cells, offending = city.cells, p.offending`."""
    found: dict[str, tuple[str, ...]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target, value = node.targets[0], node.value
            pairs = (
                zip(target.elts, value.elts, strict=False)
                if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
                else [(target, value)]
            )
            for name, part in pairs:
                chain = _chain(part, found) if isinstance(part, ast.Attribute) else ()
                if isinstance(name, ast.Name) and chain and chain[0] in ("city", "p"):
                    found[name.id] = chain
    return found


def _touched(function: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    """(kind, name) of everything a function itself touches: reads, writes, parameters, draws, calls."""
    aliases = _aliases(function)
    for node in ast.walk(function):
        match node:
            case ast.Call(func=ast.Name(id=name), args=arguments):
                yield "calls", name
                for chain in (_chain(argument, aliases) for argument in arguments):  # a column handed over is read
                    if len(chain) == 3 and chain[0] == "city":
                        yield "reads", ".".join(chain[1:])
            case ast.AugAssign(target=ast.Subscript(value=value)):
                yield "reads", ".".join(_chain(value, aliases)[1:])
            case ast.Subscript(value=value, ctx=context):
                chain = _chain(value, aliases)
                if chain[:1] == ("city",):
                    yield ("writes" if isinstance(context, ast.Store) else "reads"), ".".join(chain[1:])
            case ast.Attribute(attr=name):
                chain = _chain(node, aliases)
                if len(chain) == 3 and chain[0] == "p":
                    yield "parameters", ".".join(chain[1:])
                elif chain[:1] == ("Draw",):
                    yield "draws", name


@cache
def uses(name: str) -> Uses:
    """What a function of the world reads, writes, and draws, itself and through others."""
    if name not in functions():
        return Uses(*(frozenset() for _ in Uses._fields))
    touched = list(_touched(functions()[name][1]))
    kinds = [frozenset(thing for kind, thing in touched if kind == field and thing.partition(".")[0] not in ROOM) for field in Uses._fields]
    total = Uses(*kinds)
    for called in sorted({thing for kind, thing in touched if kind == "calls" and thing != name}):
        total = total.with_(uses(called))
    return total


@cache
def _readers() -> dict[str, tuple[str, ...]]:
    """Every parameter that is read, with the functions that read it themselves."""
    found: dict[str, dict[str, None]] = {}
    for name, (file, node) in functions().items():
        for kind, thing in _touched(node):
            if kind == "parameters":
                found.setdefault(thing, {})[f"{file}: {name}"] = None
    return {parameter: tuple(places) for parameter, places in found.items()}


def readers(parameter: str) -> tuple[str, ...]:
    """The functions that read a parameter themselves, as "sim/world/streets.py: stop"; empty if none does."""
    return _readers().get(parameter, ())


def built_only(parameter: str) -> bool:
    """Is the parameter read only while the city is built, so that a dated change of it would do nothing?"""
    files = {place.split(":")[0] for place in readers(parameter)}
    in_the_week = [file for file in files if file != BUILDS and not file.startswith(REFORMS)]
    return BUILDS in files and not in_the_week


def _step(phase: str, rows: str, process_of: dict[str, str]) -> Step:
    process = process_of.get(phase, phase)
    used = uses(phase)
    text = (ast.get_docstring(functions()[phase][1]) or "").split("\n")[0]
    return Step(
        PROCESSES.index(process) + 1, process, phase, rows,
        tuple(sorted(used.reads)), tuple(sorted(used.writes)), tuple(sorted(used.parameters)), text,
    )  # fmt: skip


@cache
def schedule() -> tuple[Step, ...]:
    """The steps of a week in order, read from `sim.world.schedule.run_phase`; intervene comes first."""
    tree = ast.parse((FOLDER / "schedule.py").read_text(encoding="utf-8"))
    assigned = {
        node.targets[0].id: node.value for node in tree.body if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    process_of = ast.literal_eval(assigned["PROCESS_OF"])
    run_phase = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "run_phase")
    calls = [node for node in ast.walk(run_phase) if isinstance(node, ast.Call)]
    steps = [_step(call.func.id, call.args[0].attr, process_of) for call in calls]  # type: ignore[attr-defined]
    return (Step(1, "intervene", "intervene", "", (), (), (), INTERVENE), *steps)


@cache
def phases() -> dict[str, tuple[int, str]]:
    """Each phase of the week: its place in the week and the table whose rows act."""
    return {step.phase: (number, step.rows) for number, step in enumerate(schedule()[1:])}


def _science(path: Path) -> str:
    """A file's code without what is said about it, so that a better sentence makes no other model."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return ast.dump(tree)


@cache
def model_fingerprint() -> str:
    """Which model this is: its rules, its schedule with what each phase reads, writes and draws, and the numbers of the codebook.

    A posterior belongs to one model. Unlike that of the sources it does not change with what only makes the model faster or plainer.
    """
    digest = hashlib.sha256()
    for path in sorted((FOLDER / "rules").glob("*.py")):
        digest.update(_science(path).encode())
    for step in schedule():
        used = uses(step.phase)
        digest.update(repr((step.process, step.phase, step.rows, *map(sorted, used))).encode())
    for name, parameter in CODEBOOK.items():
        digest.update(repr((name, parameter.value, parameter.low, parameter.high, parameter.prior)).encode())
    return digest.hexdigest()[:16]


def __getattr__(name: str):
    if name == "SCHEDULE":
        return schedule()
    raise AttributeError(name)
