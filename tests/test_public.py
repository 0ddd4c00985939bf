"""What `import sim` offers says in tables what it takes, what it gives and what it refuses."""

import inspect
import re

import pytest

import sim

PUBLIC = [name for name in sim.__all__ if callable(getattr(sim, name))]
READ_ONLY = {"shipped_scenarios", "Citizen", "Officer", "Offender", "InputError"}  # nothing of theirs is refused


def sections(text):
    """The sections of a docstring in numpydoc's style: names of entries by heading."""
    found = {}
    for heading, rule, body in re.findall(r"^(\w+)\n(-+)\n(.*?)(?=\n\n\w+\n-+\n|\Z)", text, re.M | re.S):
        assert len(heading) == len(rule), heading
        entries = [line for line in body.splitlines() if line and not line.startswith(" ")]
        assert re.search(r"^    \S", body, re.M), f"{heading} says nothing of what it lists"
        found[heading] = entries
    return found


@pytest.mark.parametrize("name", PUBLIC)
def test_everything_public_has_its_tables(name):
    """Parameters are those of the signature, each with its type; functions say what they return, and what is refused is said."""
    thing = getattr(sim, name)
    found, signature = sections(inspect.getdoc(thing)), inspect.signature(thing)
    listed = {part: entry for entry in found.get("Parameters", []) for part in entry.partition(" : ")[0].split(", ")}
    assert list(listed) == list(signature.parameters)
    assert all(re.fullmatch(r"\S.* : \S.*", entry) for entry in listed.values()), listed
    assert inspect.isclass(thing) or len(found["Returns"]) == 1
    assert ("Raises" in found) == (name not in READ_ONLY)


def test_tables_of_files_are_those_of_their_fields():
    """A field is described in one place; the schema for editors keeps the sentence above the table."""
    for model in (sim.Scenario, sim.Study, sim.Trial):
        text = inspect.getdoc(model)
        assert all(f"{key} : " in text and f"    {field.description}." in text for key, field in model.model_fields.items())
        assert "Parameters" not in model.model_json_schema()["description"]
