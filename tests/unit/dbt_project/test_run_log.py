"""What the loop's runs read is counted by model, and priced as Athena does."""

import pytest
import yaml

from dbt_project.run_log import BILLED_LEAST_BYTES, StatementCounter, only_defines
from infra.cost import prices
from infra.local.settings import REPO_ROOT


@pytest.mark.parametrize(
    ("sql", "is_free"),
    [
        ("select 1", False),
        ('-- /* {"app": "dbt"} */\nmerge into marts.a using b', False),
        ("insert into a select * from b", False),
        ("optimize a rewrite data using bin_pack", False),
        ("create table marts.a\nwith (table_type = 'iceberg')\nas\n  select 1 as n", False),
        ("create table a with (format = 'parquet') as (select 1 as n)", False),
        ("create table if not exists a (n int) tblproperties ('table_type' = 'ICEBERG')", True),
        ("create or replace view a as select 1 as n", True),
        ('-- /* {"app": "dbt"} */\ndrop table a', True),
        ("show create table a", True),
        ("alter table a set tblproperties ('x' = 'y')", True),
    ],
)
def test_statements_that_only_define_cost_nothing(sql: str, is_free: bool) -> None:
    assert only_defines(sql) is is_free


def test_statements_are_counted_by_model_until_they_are_taken() -> None:
    counter = StatementCounter()
    counter.add("areas", "select 1", 100, is_done=True)
    counter.add("areas", "merge into a using b", 3 * BILLED_LEAST_BYTES, is_done=True)
    counter.add("areas", "merge into a using b", 0, is_done=False)
    counter.add("networks", "drop table a", 0, is_done=True)
    taken = counter.take()
    assert {name: (one.count, one.scanned_bytes, one.billed_bytes) for name, one in taken.items()} == {
        "areas": (3, 3 * BILLED_LEAST_BYTES + 100, 4 * BILLED_LEAST_BYTES),
        "networks": (1, 0, 0),
    }
    assert counter.take() == {}


def test_the_price_of_a_day_is_that_of_the_account() -> None:
    variables = yaml.safe_load((REPO_ROOT / "dbt_project.yml").read_text())["vars"]
    assert variables["athena_usd_per_tb"] == prices.ATHENA_TB
    assert BILLED_LEAST_BYTES == prices.ATHENA_LEAST_BYTES
