"""The papers of a store: where its data come from (provenance.json), and what its files are (RO-Crate 1.1, a standard of JSON-LD)."""

import json
from typing import Any

from sim import __version__, origins
from sim.studies.journal import Batch, count
from sim.studies.study import Study

PROVENANCE, CRATE = "provenance.json", "ro-crate-metadata.json"
STANDARD = "https://w3id.org/ro/crate/1.1"
LICENSE = "https://spdx.org/licenses/MIT"
AUTHORS = "The Confianza authors"
PARQUET, SQLITE = "application/vnd.apache.parquet", "application/vnd.sqlite3"


def provenance(study: Study, batches: list[Batch]) -> str:
    """Who made the data, when and with what: the only file with dates."""
    listed = [
        {"number": batch.number, "kind": batch.kind, "runs": len(batch.chosen), "replicates": batch.replicates}
        | {"source_fingerprint": batch.fingerprint, **batch.made}
        for batch in batches
    ]
    facts = {"title": study.name, "question": study.question, "root_seed": study.base.seed, "batches": listed}
    facts |= {"origins": origins.facts(study.base.as_data()), "own_references": study.model_dump(include={"references"})["references"]}
    return json.dumps(facts, indent=2, ensure_ascii=False) + "\n"


def crate(study: Study, batches: list[Batch]) -> str:
    """The folder described for archives and search engines."""
    files = _files(study)
    runs = sum(len(batch.chosen) for batch in batches)
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": study.name,
        "description": f"{study.question or study.name} {count(runs, 'run')} of an agent-based model of trust between police and citizens.",
        "datePublished": batches[-1].made["created"],
        "license": {"@id": LICENSE},
        "author": {"@id": "#authors"},
        "hasPart": [{"@id": entity["@id"]} for entity in files],
        "mentions": {"@id": "#made"},
    }
    descriptor = {
        "@id": CRATE,
        "@type": "CreativeWork",
        "conformsTo": {"@id": STANDARD},
        "about": {"@id": "./"},
    }
    graph = [descriptor, root, *files, *_makers(batches)]
    return json.dumps({"@context": f"{STANDARD}/context", "@graph": graph}, indent=2, ensure_ascii=False) + "\n"


def _files(study: Study) -> list[dict[str, Any]]:
    """The files and folders of a store."""
    columns = "point of the design, arm, replicate, seed, week"
    found = [
        _entity("study.yaml", "File", "The study as it was resolved, scenario written out", "application/yaml"),
        _entity("journal.sqlite", "File", "Which runs are wanted, kept (in which shard) and failed (with inputs and error)", SQLITE),
        _entity(PROVENANCE, "File", "Versions, hash of the sources, commands and dates", "application/json"),
        _entity("shards/", "Dataset", f"A row for each run and week that is read: {columns}; {', '.join(study.measures)}", PARQUET),
    ]
    if study.series:
        found.append(_entity("series/", "Dataset", f"A row for each run and week: {', '.join(study.series)}", PARQUET))
    return found


def _entity(name: str, kind: str, text: str, encoding: str) -> dict[str, Any]:
    return {"@id": name, "@type": kind, "name": name, "description": text, "encodingFormat": encoding}


def _makers(batches: list[Batch]) -> list[dict[str, Any]]:
    """Authors, license, software and the act of making."""
    made = batches[0].made
    return [
        {"@id": "#authors", "@type": "Organization", "name": AUTHORS},
        {"@id": LICENSE, "@type": "CreativeWork", "name": "MIT License", "identifier": LICENSE},
        {
            "@id": "#confianza",
            "@type": "SoftwareApplication",
            "name": "Confianza",
            "version": made["versions"].get("confianza", __version__),
            "description": f"Sources with the fingerprint {batches[-1].fingerprint}",
            "author": {"@id": "#authors"},
            "license": {"@id": LICENSE},
        },
        {
            "@id": "#made",
            "@type": "CreateAction",
            "name": "The runs",
            "instrument": {"@id": "#confianza"},
            "object": {"@id": "study.yaml"},
            "result": {"@id": "./"},
            "startTime": made["created"],
            "description": made["command"],
        },
    ]
