"""The JSON schema of scenario files, for editors."""

from typing import Any

from sim.inputs import origins
from sim.inputs.reforms import reforms_schema
from sim.inputs.scenario import Scenario
from sim.inputs.states import states
from sim.world.parameters import CODEBOOK, REFERENCES


def json_schema() -> dict[str, Any]:
    """The JSON schema of scenario files, for editors; parameters have their ranges, baselines and meanings."""
    schema = Scenario.model_json_schema()
    schema["$defs"]["Values"] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            known.name: {
                "type": "integer" if known.discrete else "number",
                "minimum": known.low,
                "maximum": known.high,
                "default": known.value,
                "description": f"{known.description} ({known.unit})",
            }
            for known in CODEBOOK.values()
        },
    }
    known = {"enum": [*REFERENCES, *origins.WORDS]}
    schema["$defs"]["Source"] = {"anyOf": [known, {"type": "string", "description": "A key of references:"}]}
    reference = {"$ref": "#/$defs/Source"}
    fields = schema["properties"]
    del fields["lineage"]
    fields["extends"] = {"type": "string", "description": "A scenario this one differs from: a file beside it, without .yaml"}
    for holder in (fields["parameters"], schema["$defs"]["Change"]["properties"]["set"]):
        holder["$ref"] = "#/$defs/Values"
        del holder["additionalProperties"]
    fields["interventions"] |= reforms_schema()
    known_states = {"enum": [*states().values, None]}
    fields["state"] |= {"anyOf": [known_states, {"type": "string", "description": "Another name of one, as CDMX"}]}
    schema["$defs"]["StatedPlaces"]["properties"]["file"] = {
        "type": "string",
        "description": "A CSV table beside this file, a line a cell: columns x, y, and opportunity, exposure or trust; empty where unknown",
    }
    keys = {"anyOf": [reference, {"type": "array", "items": reference, "minItems": 1}]}
    fields["sources"]["additionalProperties"] = keys
    schema["$defs"]["Change"]["properties"]["sources"] = fields["sources"] | {"description": "Where they come from, if others than below"}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "A scenario of Confianza"}
