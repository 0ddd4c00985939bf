"""Which posterior a study's uncertain parameters come from: the scenario's own unless the study says otherwise."""

from sim.artifacts.posterior import find_posterior, load_posterior, taken_by_default
from sim.errors import InputError, shown
from sim.inputs.scenario import Scenario
from sim.style import Note

AUTO, NONE = "auto", "none"
MOST_DRAWS = 1024  # of a posterior that a study knows
KNOTS = 64  # quantiles by which a study knows one parameter's own distribution in a posterior


def posterior_of(given: object, scenario: Scenario) -> str:
    """The name or path of a posterior, or "none". InputError if there is no such.

    given     "auto" takes the one that was shipped with the scenario, if there is one that has converged: a scenario of one's own that
              extends it has none, because it speaks of another place
    """
    if given == AUTO:
        name = scenario.lineage[-1] if scenario.lineage else NONE
        return name if taken_by_default(name) else NONE
    if not isinstance(given, str) or not given:
        remedy = "Write auto, none, the name of a shipped one, or the path of a .csv file that confianza calibrate wrote."
        raise InputError(f"'posterior' must be a name or a path, but is {shown(given)}.", remedy)
    if given != NONE and not find_posterior(given).is_file():
        raise InputError(
            f"there is no posterior '{given[:100]}'.", "Write auto, none, or the path of a file that confianza calibrate wrote."
        )
    return given


def doubts_of(posterior: str) -> list[Note]:
    """What is to be said against a posterior; nothing where there is none, it is gone, or no file says how it was made."""
    try:
        return load_posterior(posterior).doubts if posterior != NONE else []
    except InputError:
        return []
