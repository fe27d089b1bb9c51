"""The refresh loop builds what an edit defines, and no more."""

from pathlib import Path

import pytest

from dbt_project.refresh import edited_models

MODELS = Path("dbt_project/models")
KNOWN = ["service_status", "int_network_events_5min"]


@pytest.mark.parametrize(
    ("edited", "selected"),
    [
        ([MODELS / "marts/service_status.sql"], ["service_status+"]),
        (
            [MODELS / "marts/service_status.sql", MODELS / "intermediate/int_network_events_5min.sql"],
            ["int_network_events_5min+", "service_status+"],
        ),
        ([MODELS / "marts/service_status.yml"], []),
        ([MODELS / "marts/deleted.sql"], []),
        ([Path("dbt_project/macros/meaning.sql")], ["*"]),
        ([Path("dbt_project.yml"), MODELS / "marts/service_status.sql"], ["*"]),
    ],
)
def test_an_edit_selects_the_models_it_defines(edited: list[Path], selected: list[str]) -> None:
    assert edited_models(edited, KNOWN) == selected
