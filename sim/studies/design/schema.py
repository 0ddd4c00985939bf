"""The JSON schema of study files, for editors: names, ranges and meanings of all that a study may say."""

from typing import Any

from sim.inputs.scenario_schema import json_schema
from sim.measures import MEASURES, recorded
from sim.studies.design.designs import DESIGNS, MOST_POINTS, POINTS, VALIDATION, options_of
from sim.studies.design.distributions import SPREADS
from sim.studies.design.draws import POSTERIOR
from sim.studies.design.factors import PRIOR, TOPICS, all_levers, allowed_of
from sim.studies.design.fields import WEEKLY
from sim.studies.design.limits import MOST
from sim.studies.design.study import Study
from sim.world.parameters import CODEBOOK


def study_schema() -> dict[str, Any]:
    """The JSON schema of study files, draft 2020-12."""
    schema = Study.model_json_schema()
    scenario = json_schema()
    known = schema["$defs"] | scenario.pop("$defs")
    known["Scenario"] = {key: value for key, value in scenario.items() if key != "$schema"}
    known["Prior"] = {"anyOf": [_prior(kind) for kind in SPREADS]}
    known["Until"]["properties"]["effect"]["enum"] = list(recorded())
    names = {"type": "array", "items": {"enum": [*CODEBOOK, *all_levers()]}, "minItems": 1}
    better: dict[str, dict[str, Any]] = {
        "cautions": {"type": "array", "items": {"anyOf": [{"type": "string", "minLength": 1}, {"$ref": "#/$defs/Caution"}]}},
        "scenario": {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/Scenario"}]},
        "arms": {"type": "object", "additionalProperties": {"$ref": "#/$defs/Scenario/properties/interventions"}},
        "replicates": {"anyOf": [{"type": "integer", "minimum": 1, "maximum": MOST}, {"$ref": "#/$defs/Replicates"}]},
        "measures": {"type": "array", "items": {"enum": list(MEASURES)}, "minItems": 1},
        "series": {"type": "array", "items": {"enum": list(WEEKLY)}},
        "budget": {"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"$ref": "#/$defs/Budget"}]},
        "vary": _vary(),
        "sources": {"type": "object", "additionalProperties": scenario["properties"]["sources"]["additionalProperties"]},
        "groups": {"anyOf": [{"const": "topic"}, {"type": "object", "additionalProperties": names, "minProperties": 1}]},
        "design": {"anyOf": [_design(kind) for kind in (*DESIGNS, POINTS)]},
    }
    for key, made in better.items():
        schema["properties"][key] = {"description": schema["properties"][key]["description"], **made}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "$defs": known, "title": "A study of Confianza"}


def _vary() -> dict[str, Any]:
    """What may vary, and over what."""
    word = {"enum": ["all", *TOPICS, *(known.name for known in CODEBOOK.values() if "fixed" not in known.prior)]}
    text = "Topics or parameters with the codebook's priors; all is every topic"
    properties: dict[str, Any] = {PRIOR: {"description": text, "anyOf": [word, {"type": "array", "items": word, "minItems": 1}]}}
    properties[POSTERIOR] = {"description": "A shipped posterior by name, or the path of a .csv file beside the study", "type": "string"}
    for known in CODEBOOK.values():
        properties[known.name] = _spread(f"{known.summary} ({known.unit})", {"$ref": f"#/$defs/Values/properties/{known.name}"})
    for name, lever in all_levers().items():
        allowed = allowed_of(name)
        if allowed.choices:
            choices = _only("values", _list({"enum": list(allowed.choices)}))
            properties[name] = {"description": lever.metadata["text"], **choices}
        else:
            bounds = {"type": "integer" if allowed.whole else "number", "minimum": allowed.low, "maximum": allowed.high}
            properties[name] = _spread(lever.metadata["text"], bounds)
    return {"type": "object", "additionalProperties": False, "minProperties": 1, "properties": properties}


def _spread(description: str, value: dict[str, Any]) -> dict[str, Any]:
    """What a number may vary over: a range, values, or a prior."""
    ends = {"type": "array", "items": value, "minItems": 2, "maxItems": 2}
    return {
        "description": description,
        "anyOf": [ends, _only("values", _list(value)), _only("draws", _list(value, unique=False)), {"$ref": "#/$defs/Prior"}],
    }


def _prior(kind: str) -> dict[str, Any]:
    """A distribution with two numbers."""
    number = {"type": "number"}
    if kind == "uniform":
        return _only(kind, {"type": "array", "items": number, "minItems": 2, "maxItems": 2})
    pair = SPREADS[kind][0]
    return _only(kind, {"type": "object", "additionalProperties": False, "required": [*pair], "properties": dict.fromkeys(pair, number)})


def _list(value: dict[str, Any], *, unique: bool = True) -> dict[str, Any]:
    """Two or more values, each once unless they are draws."""
    return {"type": "array", "items": value, "minItems": 2} | ({"uniqueItems": True} if unique else {})


def _only(key: str, value: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An object with one key, and more that may be left out."""
    return {"type": "object", "additionalProperties": False, "required": [key], "properties": {key: value, **more}}


def _design(kind: str) -> dict[str, Any]:
    """One kind of design with its options."""
    if kind == POINTS:
        return _only(kind, {"type": "string", "description": "Points written out as CSV: a column a factor, a row a point"})
    least, meaning = DESIGNS[kind]
    count: dict[str, Any] = {"type": "integer", "minimum": least, "maximum": MOST_POINTS}
    if kind == "grid":
        count = {"anyOf": [count, {"type": "object", "additionalProperties": count, "minProperties": 1}]}
    if kind == "csv":
        count = {"type": "string"}
    options = options_of(kind)
    more: dict[str, Any] = {
        key: {"type": "boolean" if isinstance(value, bool) else "integer", "default": value}
        for key, value in options.items()
        if key != VALIDATION
    }
    if VALIDATION in options:
        text = "Random points beside the design, at which what was learned from it is tried; by default a tenth of it, or up to 50"
        more[VALIDATION] = {"type": "integer", "minimum": 0, "maximum": MOST_POINTS, "description": text}
    return _only(kind, {"description": meaning[:1].upper() + meaning[1:], **count}, **more)
