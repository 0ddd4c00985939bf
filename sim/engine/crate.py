"""The papers of a store: where its data come from (provenance.json), and what its files are (RO-Crate 1.1, a standard of JSON-LD)."""

import json
from collections.abc import Mapping
from typing import Any

from sim.engine.batches import Batch
from sim.engine.journal import count
from sim.version import __version__

PROVENANCE, CRATE = "provenance.json", "ro-crate-metadata.json"
STANDARD = "https://w3id.org/ro/crate/1.1"
LICENSE = "https://spdx.org/licenses/MIT"
AUTHORS = "The Confianza authors"
PARQUET, SQLITE = "application/vnd.apache.parquet", "application/vnd.sqlite3"


def provenance(facts: Mapping[str, Any], batches: list[Batch]) -> str:
    """Who made the data, when and with what: the only file with dates."""
    listed = [
        {"number": batch.number, "kind": batch.kind, "runs": len(batch.chosen), "replicates": batch.replicates}
        | {"source_fingerprint": batch.fingerprint, **batch.made}
        for batch in batches
    ]
    listing = {name: fact for name, fact in facts.items() if name not in ("file", "columns", "series")} | {"batches": listed}
    return json.dumps(listing, indent=2, ensure_ascii=False) + "\n"


def crate(facts: Mapping[str, Any], batches: list[Batch]) -> str:
    """The folder described for archives and search engines."""
    files = _files(facts)
    title = facts["title"]
    runs = sum(len(batch.chosen) for batch in batches)
    about = f"{facts['question'] or title} {count(runs, 'run')} of an agent-based model of trust between police and citizens."
    root = {
        "@id": "./", "@type": "Dataset", "name": title, "description": about, "datePublished": batches[-1].made["created"],
        "license": {"@id": LICENSE}, "author": {"@id": "#authors"}, "hasPart": [{"@id": entity["@id"]} for entity in files],
        "mentions": {"@id": "#made"},
    }  # fmt: skip
    descriptor = {"@id": CRATE, "@type": "CreativeWork", "conformsTo": {"@id": STANDARD}, "about": {"@id": "./"}}
    graph = [descriptor, root, *files, *_makers(facts, batches)]
    return json.dumps({"@context": f"{STANDARD}/context", "@graph": graph}, indent=2, ensure_ascii=False) + "\n"


def _files(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The files and folders of a store."""
    which = "point of the design, arm, replicate, seed, week"
    files = [
        _entity(facts["file"], "File", "What was run, with everything that it inherits", "application/yaml"),
        _entity("journal.sqlite", "File", "Which runs are wanted, kept (in which shard) and failed (with inputs and error)", SQLITE),
        _entity(PROVENANCE, "File", "Versions, hash of the sources, commands and dates", "application/json"),
        _entity("shards/", "Dataset", f"A row for each run and week that is read: {which}; {', '.join(facts['columns'])}", PARQUET),
    ]
    if facts["series"]:
        files.append(_entity("series/", "Dataset", f"A row for each run and week: {', '.join(facts['series'])}", PARQUET))
    return files


def _entity(name: str, kind: str, text: str, encoding: str) -> dict[str, Any]:
    return {"@id": name, "@type": kind, "name": name, "description": text, "encodingFormat": encoding}


def _makers(facts: Mapping[str, Any], batches: list[Batch]) -> list[dict[str, Any]]:
    """Authors, license, software and the act of making."""
    made = batches[0].made
    version, sources = made["versions"].get("confianza", __version__), f"Sources with the fingerprint {batches[-1].fingerprint}"
    action = {"@id": "#made", "@type": "CreateAction", "name": "The runs", "instrument": {"@id": "#confianza"}}
    return [
        {"@id": "#authors", "@type": "Organization", "name": AUTHORS},
        {"@id": LICENSE, "@type": "CreativeWork", "name": "MIT License", "identifier": LICENSE},
        {
            "@id": "#confianza", "@type": "SoftwareApplication", "name": "Confianza", "version": version, "description": sources,
            "author": {"@id": "#authors"}, "license": {"@id": LICENSE},
        },
        action | {"object": {"@id": facts["file"]}, "result": {"@id": "./"}, "startTime": made["created"], "description": made["command"]},
    ]  # fmt: skip
