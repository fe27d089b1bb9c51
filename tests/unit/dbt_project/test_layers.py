"""Staging alone reads the source, intermediate reads staging, marts read intermediate, marts and seeds. Live chains
share nothing but that."""

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


def test_a_live_model_is_of_one_chain_and_reads_none_of_another(manifest: dict[str, Any]) -> None:
    """The loop refreshes each chain by itself; the log of freshness is of two, and written with the one."""
    chains = {
        node["unique_id"]: set(node["tags"]) & {"kpis", "outages", "data_health"}
        for node in manifest["nodes"].values()
        if "live" in node["tags"]
    }
    assert {name: chain for name, chain in chains.items() if len(chain) != 1} == {}
    mixed = {
        manifest["nodes"][name]["name"]
        for name, chain in chains.items()
        for parent in manifest["nodes"][name]["depends_on"]["nodes"]
        if chains.get(parent, chain) != chain
    }
    assert mixed == {"pipeline_freshness"}
