"""The refresh loop builds what an edit defines, and no more."""

from pathlib import Path

import pytest

from dbt_project.refresh import edited_models, project_files

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
        ([Path("dbt_project/seeds/brands.csv")], []),
        ([Path("dbt_project.yml"), MODELS / "marts/service_status.sql"], ["*"]),
    ],
)
def test_an_edit_selects_the_models_it_defines(edited: list[Path], selected: list[str]) -> None:
    assert edited_models(edited, KNOWN) == selected


def test_what_editors_leave_beside_a_model_is_no_edit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    marts = MODELS / "marts"
    marts.mkdir(parents=True)
    Path("dbt_project.yml").touch()
    (marts / "service_status.sql").touch()
    before = project_files()
    (marts / ".service_status.sql.swp").touch()
    (marts / "service_status.sql~").touch()
    (marts / ".#service_status.sql").symlink_to("nobody@nowhere")
    (marts / "gone.sql").symlink_to("nowhere")
    assert project_files() == before
    assert set(before) == {Path("dbt_project.yml"), marts / "service_status.sql"}
