"""The simulator's command line: the same arguments give the same files, wrong ones are named; its page is complete."""

import json
from pathlib import Path

import pytest

from infra.feed import __main__ as feed
from infra.feed.simulate.scenarios import KINDS
from infra.local.settings import REPO_ROOT
from tests.unit.feed.simulated import make_scenario, make_simulator

HISTORY = ["simulate", "history", "--days", "1", "--end", "2026-11-24T00:00:00Z", "--events-per-day", "3000"]
DOCS = (REPO_ROOT / "docs" / "feed.md").read_text(encoding="utf-8")


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["feed", *arguments])
    return feed.main()


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_same_arguments_write_the_same_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, seed in (("one", "1"), ("again", "1"), ("other", "2")):
        assert call(monkeypatch, *HISTORY, "--output", str(tmp_path / name), "--seed", seed) == 0
    summary = json.loads(capsys.readouterr().out.splitlines()[0])
    assert contents(tmp_path / "one") == contents(tmp_path / "again") != contents(tmp_path / "other")
    assert list(contents(tmp_path / "one")) == ["events-2026-11-23.jsonl", "labels.jsonl"]
    assert summary["records"] == contents(tmp_path / "one")["events-2026-11-23.jsonl"].count(b"\n") > 2_000


def test_scenarios_of_a_file_or_none_are_the_labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = tmp_path / "given.jsonl"
    wanted = {"scenario": "partial", "area_codes": ["Barcelona"], "host_network": "orange"}
    given.write_text(json.dumps({**wanted, "start_ts": "2026-11-23T10:00:00Z", "end_ts": "2026-11-23T11:00:00Z"}))
    for name, scenarios in (("given", str(given)), ("clean", "none")):
        assert call(monkeypatch, *HISTORY, "--output", str(tmp_path / name), "--scenarios", scenarios) == 0
    (label,) = map(json.loads, (tmp_path / "given" / "labels.jsonl").read_text().splitlines())
    assert (label["area_codes"], label["start_ts"]) == (["080193"], "2026-11-23T10:00:00.000Z")
    assert (tmp_path / "clean" / "labels.jsonl").read_text() == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--end", "yesterday"], "yesterday is no instant such as 2026-11-24T00:00:00Z"),
        (["--end", "2026-11-24T00:00:00"], "is no instant such as"),
        (["--late", "1.5"], "1.5 is not a share from 0 to below 1"),
        (["--days", "0"], "0 is not a number above 0"),
        (["--days", "many"], "many is not a number above 0"),
        (["--malformed", "few"], "few is not a share from 0 to below 1"),
        (["--seed", "-1"], "-1 is not a whole number from 0"),
    ],
)
def test_a_wrong_argument_is_named_with_what_is_expected(
    arguments: list[str], message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        call(monkeypatch, *HISTORY, "--output", "unused", *arguments)
    assert message in capsys.readouterr().err


def test_a_scenario_that_does_not_exist_ends_with_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = tmp_path / "given.jsonl"
    given.write_text('{"scenario": "storm"}')
    assert call(monkeypatch, *HISTORY, "--output", str(tmp_path / "o"), "--scenarios", str(given)) == 1
    assert "error: " in (said := capsys.readouterr().err)
    assert "no scenario 'storm': choose from full, partial" in said
    assert not (tmp_path / "o").exists()


def test_the_page_describes_every_scenario_and_every_field_of_a_label() -> None:
    described = {
        line.split("|")[1].strip(): line.split("|")[2:4] for line in DOCS.splitlines() if line.startswith("| `")
    }
    for name, kind in KINDS.items():
        outage, evidence = (cell.strip() for cell in described[f"`{name}`"])
        assert (outage, evidence) == ("yes" if kind.is_outage else "no", kind.evidence)
    (label,) = make_simulator([make_scenario("full")], events_per_day=2_000).labels()
    for field in label:
        assert f"`{field}`" in DOCS
