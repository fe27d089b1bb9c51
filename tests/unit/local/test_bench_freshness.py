"""How `make bench-freshness` splits the seconds between put and visible into stages."""

from tests.bench.bench_freshness import figures


def test_the_stages_add_up_to_the_whole() -> None:
    puts = [(10, 100.0), (20, 110.0)]
    stages = {"commit": [(20, 120.0)], "models": [(0, 100.0), (20, 135.0)]}
    found = figures(puts, stages)
    assert found == {
        "events": 20,
        "freshness_p50_s": 30.0,
        "freshness_p95_s": 35.0,
        "commit_mean_s": 15.0,
        "models_mean_s": 15.0,
        "commit_share": 0.5,
        "models_share": 0.5,
    }
