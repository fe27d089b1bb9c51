"""The cost model: which way each figure moves, and figures that can be worked out by hand."""

from dataclasses import replace

import pytest

from infra.cost import model, prices
from infra.cost.__main__ import LOADS, table
from infra.cost.model import Measured, Mode, Settings, files_per_day, per_day, shards_needed

MEASURED = Measured()
DAY_S = 86_400


def costs(**settings: object) -> dict[str, float]:
    return per_day(replace(Settings(events_per_s=1_000), **settings), MEASURED)  # type: ignore[arg-type]


def test_a_record_counts_as_a_whole_kib_when_it_is_put_and_as_it_is_when_it_is_read() -> None:
    put_gb, read_gb = 1_000 * DAY_S * 1024 / 1e9, 1_000 * DAY_S * MEASURED.record_bytes / 1e9
    by_hand = 24 * prices.KINESIS_STREAM_HOUR + put_gb * prices.KINESIS_IN_GB + read_gb * prices.KINESIS_OUT_GB
    assert costs(retention_hours=24)["Kinesis"] == pytest.approx(by_hand)
    larger = per_day(Settings(events_per_s=1_000, retention_hours=24), replace(MEASURED, record_bytes=1_025))
    assert larger["Kinesis"] > 1.8 * by_hand


def test_provisioned_shards_are_paid_by_the_hour_and_by_the_record() -> None:
    provisioned = costs(mode=Mode.PROVISIONED, shards=2, retention_hours=24)["Kinesis"]
    assert provisioned == pytest.approx(2 * 24 * prices.KINESIS_SHARD_HOUR + 1_000 * DAY_S * prices.KINESIS_PUT_UNIT)


def test_two_workers_of_a_dpu_cost_their_hours() -> None:
    assert costs(workers=2)["Glue"] == pytest.approx(48 * prices.GLUE_DPU_HOUR)


def test_a_statement_of_athena_costs_ten_megabytes_however_little_it_reads() -> None:
    quiet = per_day(Settings(events_per_s=1, dashboard_statements_per_hour=0), MEASURED)["Athena"]
    refreshes = DAY_S / Settings(events_per_s=1).refresh_s
    least = refreshes * MEASURED.statements_per_refresh * prices.ATHENA_LEAST_BYTES / 1e12 * prices.ATHENA_TB
    assert quiet == pytest.approx(least, rel=0.01)


def test_nothing_gets_cheaper_with_load() -> None:
    small, large = costs(), costs(events_per_s=10_000)
    assert [name for name in small if large[name] < small[name]] == []


@pytest.mark.parametrize("slower", [{"trigger_s": 60}, {"refresh_s": 300}])
def test_fewer_batches_or_refreshes_make_fewer_requests(slower: dict[str, object]) -> None:
    assert costs(**slower)["S3 requests"] < costs()["S3 requests"]


def test_shards_follow_records_or_bytes_whichever_is_more() -> None:
    settings = Settings(events_per_s=10_000)
    assert shards_needed(settings, MEASURED, headroom=1) == 10
    assert shards_needed(settings, replace(MEASURED, record_bytes=10 * 1024), headroom=1) == 98


def test_every_shard_writes_a_file_a_batch() -> None:
    settings = Settings(events_per_s=10_000, mode=Mode.PROVISIONED, shards=15, trigger_s=30)
    assert files_per_day(settings, MEASURED) == 15 * DAY_S / 30


def test_the_advised_settings_have_room_for_their_load() -> None:
    for settings in LOADS:
        assert 4 * (settings.workers - 1) * settings.dpu_per_worker >= model.cores_needed(settings, MEASURED)
        if settings.mode is Mode.PROVISIONED:
            assert settings.shards >= shards_needed(settings, MEASURED)


def test_the_table_names_every_component_its_total_and_the_prices_date() -> None:
    text = table(MEASURED)
    assert all(name in text for name in per_day(LOADS[0], MEASURED))
    assert "| total |" in text
    assert prices.AS_OF in text


def test_the_docs_page_has_the_table_that_the_model_prints() -> None:
    from infra.local.settings import REPO_ROOT

    assert table(MEASURED) in (REPO_ROOT / "docs" / "cost.md").read_text()
