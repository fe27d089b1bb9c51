"""Staging alone reads the source, intermediate reads staging, marts read intermediate, marts and seeds."""

from typing import Any

READS = {
    "staging": {"source", "seeds"},
    "intermediate": {"staging", "intermediate", "seeds"},
    "marts": {"intermediate", "marts", "seeds"},
}
# It is about the pipeline, not the network: when records arrived, refused ones too, which no intermediate model keeps.
ALLOWED = {("pipeline_freshness", "stg_arrivals"), ("rejected_events", "stg_rejected_events")}


def layer(node: dict[str, Any]) -> str:
    return "seeds" if node["resource_type"] == "seed" else str(node["fqn"][1])


def crossings(manifest: dict[str, Any]) -> set[tuple[str, str]]:
    """(model, what it reads) where the layers forbid it."""
    nodes = manifest["nodes"]
    found = set()
    for node in nodes.values():
        if node["resource_type"] != "model":
            continue
        for parent in node["depends_on"]["nodes"]:
            read = "source" if parent in manifest["sources"] else layer(nodes[parent])
            if read not in READS[layer(node)]:
                found.add((node["name"], parent.split(".")[-1]))
    return found


def test_no_layer_is_skipped(manifest: dict[str, Any]) -> None:
    assert crossings(manifest) == ALLOWED
