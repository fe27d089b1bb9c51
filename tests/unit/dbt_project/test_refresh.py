"""The refresh loop builds what an edit defines, and no more; it tries again later and later."""

import itertools
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dbt.adapters.athena import connections

from dbt_project import dbt_runs
from dbt_project.dbt_runs import DataTests, Outcome, share_clients
from dbt_project.refresh import TOPIC_VARIABLE, Beat, beats_of, edited_models, next_beat, parse_arguments, project_files
from dbt_project.run_log import RunLog, StatementCounter

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


def _waits_of(period_s: float, outcomes: list[Outcome]) -> list[float]:
    beat = Beat("any", lambda manifest: Outcome(True, {}), period_s)
    waits = []
    for outcome in outcomes:
        beat.ended(outcome, now=100)
        waits.append(beat.due_at - 100)
    return waits


@pytest.mark.parametrize(("period_s", "longest_s"), [(5, 60), (86_400, 3_600)])
def test_errors_are_tried_again_later_and_later_until_one_run_is_good(period_s: float, longest_s: float) -> None:
    good, error = Outcome(True, {}), Outcome(False, {}, is_worth_a_retry=True)
    waits = _waits_of(period_s, [error, error, error, good, error, *[error] * 20])
    assert waits[:5] == [2, 4, 8, period_s, 2]
    assert waits[-1] == longest_s


def test_the_first_beat_waits_for_one_of_the_others_at_most() -> None:
    kpis, outages, tests = (Beat(name, lambda manifest: Outcome(True, {}), 5) for name in ("kpis", "outages", "tests"))
    beats = [kpis, outages, tests]
    kpis.due_at, outages.due_at, tests.due_at = 30, 10, 20
    assert next_beat(beats, kpis, now=40, raw="1") is outages
    assert next_beat(beats, outages, now=40, raw="1") is kpis
    assert next_beat(beats, outages, now=25, raw="1") is outages


def test_live_models_rest_while_no_commit_comes_and_nothing_else_does() -> None:
    tests, kpis, new = (Beat(name, lambda manifest: Outcome(True, {}), 5) for name in ("tests", "kpis", "new"))
    kpis.follows_raw, kpis.seen = True, "7"
    tests.seen = "7"
    for beat in (tests, kpis, new):
        beat.ended(Outcome(True, {}), now=100)
    assert [beat.due("7") for beat in (tests, kpis, new)] == [105, 160, 105]
    assert [beat.due("8") for beat in (tests, kpis, new)] == [105, 105, 105]
    assert kpis.due(None) == 105
    kpis.period_s = 90
    kpis.ended(Outcome(True, {}), now=100)
    assert kpis.due("7") == 190


def test_a_run_that_failed_does_not_rest() -> None:
    kpis = Beat("kpis", lambda manifest: Outcome(True, {}), 5, follows_raw=True)
    kpis.saw("7", ok=True)
    kpis.saw("7", ok=False)
    assert kpis.due("7") == kpis.due("8")


def test_kpis_run_once_more_behind_outages_of_a_new_commit_so_that_freshness_shows_both() -> None:
    kpis = Beat("kpis", lambda manifest: Outcome(True, {}), 5, follows_raw=True)
    outages = Beat("outages", lambda manifest: Outcome(True, {}), 5, follows_raw=True, wakes=kpis)
    kpis.saw("8", ok=True)
    outages.saw("8", ok=True)
    assert kpis.due("8") < outages.due("8")
    kpis.saw("8", ok=True)
    outages.saw("8", ok=True)
    assert kpis.due("8") == outages.due("8")


def test_outages_that_fail_again_and_again_do_not_wake_the_kpis() -> None:
    kpis = Beat("kpis", lambda manifest: Outcome(True, {}), 5, follows_raw=True)
    outages = Beat("outages", lambda manifest: Outcome(True, {}), 5, follows_raw=True, wakes=kpis)
    kpis.saw("8", ok=True)
    for _ in range(2):
        outages.saw("8", ok=False)
    assert kpis.due("8") > kpis.due("9")
    outages.saw("8", ok=True)
    assert kpis.due("8") == kpis.due("9")


def test_the_live_models_are_what_follows_raw(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    beats = beats_of(parse_arguments([]), RunLog("marts", "dbt", StatementCounter()))
    assert {beat.name for beat in beats if beat.follows_raw} == {"live_kpis", "live_outages", "live_data_health"}
    assert [(beat.name, beat.wakes.name) for beat in beats if beat.wakes] == [("live_outages", "live_kpis")]


def test_the_kpis_come_first_and_outages_are_published_behind_their_refresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOPIC_VARIABLE, "arn:aws:sns:eu-west-1:123456789012:outages")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    beats = beats_of(parse_arguments([]), RunLog("marts", "dbt", StatementCounter()))
    assert beats[0].name == "live_kpis"
    assert [(beat.name, beat.then.name) for beat in beats if beat.then] == [("live_outages", "notify")]
    assert beats[-1].name == "notify"


def _manifest_with(tests: int) -> Any:
    nodes = {f"test.{n}": SimpleNamespace(name=f"test_{n:03}", resource_type="test") for n in range(tests)}
    return SimpleNamespace(nodes={**nodes, "model.a": SimpleNamespace(name="a", resource_type="model")})


@pytest.mark.parametrize(("tests", "round_s", "most"), [(100, 1_800, 7), (3, 1_800, 1), (100, 60, 100)])
def test_every_data_test_runs_once_a_round_a_few_at_a_time(
    tests: int, round_s: float, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = list[list[str]]()

    def run(command: list[str], manifest: Any) -> Outcome:
        ran.append(command[2:])
        # Some test can never be run.
        return Outcome("test_000" not in command, {}, is_worth_a_retry="test_000" in command)

    monkeypatch.setattr(dbt_runs, "run_dbt", run)
    data_tests, manifest = DataTests(round_s), _manifest_with(tests)
    while sum(map(len, ran)) < 2 * tests:
        data_tests(manifest)
    assert max(map(len, ran)) == most
    for part in (ran[: len(ran) // 2], ran[len(ran) // 2 :]):
        assert sorted(itertools.chain(*part)) == [f"test_{n:03}" for n in range(tests)]


def test_a_data_test_that_finds_something_is_not_repeated_before_its_time() -> None:
    assert _waits_of(1_800, [Outcome(False, {}), Outcome(False, {})]) == [1_800, 1_800]


def test_connections_share_one_client_of_each_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "AthenaConnection", connections.AthenaConnection)
    share_clients()
    credentials = SimpleNamespace(region_name="eu-west-1", effective_num_retries=3, endpoint_url=None)
    one, other = (connections.AthenaConnection(credentials).connect() for _ in range(2))
    assert one is not other
    assert one._client is other._client
    assert one.session.client("glue", region_name="eu-west-1") is other.session.client("glue", region_name="eu-west-1")
    assert one.session.region_name == "eu-west-1"
