"""Each page in a real Chromium shows the figures that Athena answers, and says how fresh they are."""

import csv
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import ConsoleMessage, Page, Route, expect

from dashboard.formatting import precise_share
from infra.local import athena_client
from infra.local.faults_client import FaultsClient
from infra.local.resources import STREAM
from infra.local.settings import REPO_ROOT
from tests.e2e import by_hand
from tests.e2e.browser import LOADED_TIMEOUT_MS, REFRESHED_TIMEOUT_MS, number, open_page, settle, table, tile
from tests.e2e.conftest import WholePath
from tests.integration.programs import wait_until

PAGES = ("", "outages", "signal", "gps", "data", "incident?id=x")
STALL_S = 10
OF_THE_DAY = "period = 'day' and period_date = (select max(period_date) from service_status)"
OF_EVERYTHING = "area_level = 'all' and area_code = 'all' and network = 'all' and rat = 'all'"
# Shares of a chart by the name of the line.
DRAWN = "chart => Object.fromEntries(chart.data.filter(line => line.name).map(line => [line.name, [...line.y]]))"
# Texts of elements that are cut by the right edge, but for what scrolls within.
BEYOND_THE_EDGE = """
() => [...document.querySelectorAll('[data-testid=stMainBlockContainer] *')]
    .filter(e => e.getBoundingClientRect().right > window.innerWidth + 1)
    .filter(e => !e.closest('[data-testid=stDataFrame], [data-testid=stPlotlyChart], .stVisuallyHidden'))
    .map(e => `${e.tagName} ${e.className} ${e.textContent.slice(0, 40)}`)
"""


LOAD_BALANCER = REPO_ROOT / "infra" / "terraform" / "load_balancer.tf"


def headers_of_the_load_balancer() -> dict[str, str]:
    """What it adds to each response, as Terraform has it."""
    text = LOAD_BALANCER.read_text()
    (policy,) = re.findall(r"content_security_policy = join\(.*?\]\)", text, re.DOTALL)
    values = re.findall(r'routing_http_response_(\w+)_header_value\s+= "(.+)"', text)
    return {
        "content-security-policy": "; ".join(re.findall(r'^\s+"(.+)",$', policy, re.MULTILINE)),
        **{name.replace("_", "-"): value for name, value in values},
    }


def behind_the_load_balancer(route: Route) -> None:
    # The server closes a connection that rested for 5 s, perhaps just as it is used anew.
    response = route.fetch(max_retries=1)
    route.fulfill(response=response, headers={**response.headers, **headers_of_the_load_balancer()})


def is_error(message: ConsoleMessage) -> bool:
    """Streamlit looks for its server below the page's own path first."""
    return message.type == "error" and "/_stcore/" not in message.location["url"]


def only_row(sql: str) -> list[float]:
    (row,) = athena_client.query(sql)
    return [float(value) for value in row if value is not None]


def by_first(sql: str) -> dict[str | None, athena_client.Row]:
    """Rows by their first column."""
    return {row[0]: row[1:] for row in athena_client.query(sql)}


def figure(answer: str | None, times: float = 1) -> float | None:
    """Athena's text as a number; null stays none."""
    return None if answer is None else times * float(answer)


def percent(share: str | None) -> float | None:
    return figure(share, times=100)


def shows(text: str, value: float | None) -> bool:
    """Whether a rounded text stands for `value`."""
    shown = number(text)
    if shown is None or value is None:
        return shown is None and value is None
    digits = len(text.split()[0].partition(".")[2])
    return abs(shown - value) <= 0.5 * 10**-digits + 1e-9


class Refreshes(NamedTuple):
    runs: int
    failed: int
    cost_usd: float


def refreshes() -> Refreshes | None:
    """Those written down; none yet, when the loop has just begun."""
    rows = athena_client.query(
        "select sum(run_count), sum(failed_count), sum(cost_usd), max(cost_usd_per_day) from refresh_costs "
        "where beat <> 'all' and model = 'all'"
    )
    runs, failed, cost, per_day = rows[0]
    return Refreshes(int(runs or 0), int(failed or 0), float(cost or 0)) if per_day else None


def test_overview_shows_the_figures_of_the_marts(whole_path: WholePath, page: Page) -> None:
    open_page(page, whole_path.dashboard_url)
    everything = f"from service_status where {OF_THE_DAY} and area_level = 'all' and network = 'all'"
    n, votes, lost = only_row(f"select n, vote_n, 100 * lost_share {everything}")
    value, _ = tile(page, "events")
    assert number(value) == n
    value, below = tile(page, "lost-share")
    assert shows(value, lost)
    assert f"n = {votes:,.0f}" in below
    asu, asu_n = only_row(
        "select signal_asu_median, signal_n from signal_trends "
        f"where {OF_THE_DAY} and area_level = 'all' and network = 'all' and rat = 'all'"
    )
    value, below = tile(page, "signal")
    assert shows(value, asu)
    assert f"n = {asu_n:,.0f}" in below
    metres, fixes = only_row(
        "select precision_median_m, precision_n from gps_accuracy "
        f"where {OF_THE_DAY} and area_level = 'all' and operator = 'all' and provider = 'all'"
    )
    value, below = tile(page, "precision")
    assert shows(value, metres)
    assert f"n = {fixes:,.0f}" in below


def test_outages_lists_every_province_with_its_lost_share_and_n(whole_path: WholePath, page: Page) -> None:
    open_page(page, f"{whole_path.dashboard_url}/outages?area_level=province")
    rows, count = table(page, "areas")
    expected = by_first(
        "select area_code, lost_share, lost_share_ci_low, vote_n, n from service_status "
        f"where {OF_THE_DAY} and area_level = 'province' and network = 'all'"
    )
    assert count == len(rows) == len(expected)
    for shown in rows:
        lost, low, votes, n = expected[shown["Code"]]
        assert shows(shown["Lost share"], percent(lost)), shown
        assert shows(shown["95 % interval"], percent(low)), shown
        assert (number(shown["Votes"]), number(shown["Events"])) == (float(votes or 0), float(n or 0))


def test_signal_lists_every_network_with_its_median_and_n(whole_path: WholePath, page: Page) -> None:
    open_page(page, f"{whole_path.dashboard_url}/signal")
    rows, count = table(page, "networks")
    expected = by_first(
        "select network_name, signal_asu_median, signal_asu_mean, signal_n, weak_signal_share "
        f"from signal_trends join networks using (network) where {OF_THE_DAY} and area_level = 'all' and rat = 'all'"
    )
    assert count == len(expected) >= len(rows) > 5
    for shown in rows:
        median, mean, n, weak = expected[shown["Network"]]
        assert shows(shown["Median, ASU"], figure(median)), shown
        assert shows(shown["Mean, ASU"], figure(mean)), shown
        assert shows(shown["Weak share"], percent(weak)), shown
        assert number(shown["Measurements"]) == float(n or 0)


def test_signal_draws_the_weak_share_and_the_usual_one_of_the_marts(whole_path: WholePath, page: Page) -> None:
    open_page(page, f"{whole_path.dashboard_url}/signal?range=30")
    drawn = page.locator(".st-key-weak .js-plotly-plot").evaluate(DRAWN)
    expected = athena_client.query(
        "select t.weak_signal_share, normal_weak_signal_share from signal_trends as t left join signal_changes "
        f"using (period_start_ts, area_level, area_code, network, rat) where period = 'hour' and {OF_EVERYTHING} "
        "and t.period_date > date_add('day', -30, current_date) order by period_start_ts"
    )
    for name, column in (("Weak share with 95 % interval", 0), ("Usual share", 1)):
        shares = [figure(row[column]) for row in expected if row[column] is not None]
        assert [value for value in drawn[name] if value is not None] == pytest.approx(shares), name
    assert drawn["Weak share with 95 % interval"]


def test_signal_lists_the_hours_that_are_not_as_usual_or_says_why_there_are_none(
    whole_path: WholePath, page: Page
) -> None:
    open_page(page, f"{whole_path.dashboard_url}/signal?range=30")
    changes = f"from signal_changes where {OF_EVERYTHING}"
    compared, hours = only_row(f"select count_if(confidence <> 'suppressed'), count(*) {changes}")
    expected = athena_client.query(
        "select weak_signal_share, normal_weak_signal_share, weak_signal_change, signal_n, normal_week_count "
        f"{changes} and is_changed order by period_start_ts desc"
    )
    if not expected:
        text = page.locator(".st-key-no-changes").inner_text()
        assert ("None of the compared" if compared else "Can't be told") in text, text
        assert hours
        return
    rows, count = table(page, "changes")
    assert count == len(expected) >= len(rows) > 0
    for shown, (weak, usual, change, n, weeks) in zip(rows, expected, strict=False):
        assert shows(shown["Weak share"], percent(weak)), shown
        assert shows(shown["Usual share"], percent(usual)), shown
        assert shows(shown["Change, points"], percent(change)), shown
        assert (number(shown["Measurements"]), number(shown["Weeks compared"])) == (figure(n), figure(weeks))


def test_gps_lists_every_operator_with_its_precision_and_n(whole_path: WholePath, page: Page) -> None:
    open_page(page, f"{whole_path.dashboard_url}/gps")
    rows, count = table(page, "operators")
    expected = by_first(
        "select operator_name, precision_median_m, precision_p95_m, within_10m_share, precision_n "
        "from gps_accuracy join operators using (operator) "
        f"where {OF_THE_DAY} and area_level = 'all' and provider = 'all'"
    )
    assert count == len(expected) >= len(rows) > 5
    for shown in rows:
        median, p95, within, n = expected[shown["Operator"]]
        assert shows(shown["Median, m"], figure(median)), shown
        assert shows(shown["95th percentile, m"], figure(p95)), shown
        assert shows(shown["Within 10 m"], percent(within)), shown
        assert number(shown["Fixes"]) == float(n or 0)


def test_gps_ranks_operators_as_far_as_they_can_be_told_apart(whole_path: WholePath, page: Page) -> None:
    open_page(page, f"{whole_path.dashboard_url}/gps")
    rows, _ = table(page, "operators")
    expected = by_first(
        "select operator_name, rank_best, rank_worst, rank_of from gps_ranking join operators using (operator) "
        "where period_date = (select max(period_date) from service_status) "
        "and area_level = 'all' and provider = 'all'"
    )
    assert len(expected) > 1
    ranks = {
        name: f"{best} of {of}" if best == worst else f"{best}–{worst} of {of}"
        for name, (best, worst, of) in expected.items()
    }
    for shown in rows:
        assert shown["Rank"] == ranks.get(shown["Operator"], "–"), shown
    drawn = page.locator(".st-key-ranking .js-plotly-plot text")
    drawn.first.wait_for(state="attached", timeout=LOADED_TIMEOUT_MS)
    assert set(expected) <= set(drawn.all_text_contents())
    suppressed = athena_client.query(
        "select operator_name from gps_accuracy join operators using (operator) "
        f"where {OF_THE_DAY} and area_level = 'all' and provider = 'all' and confidence = 'suppressed'"
    )
    if suppressed:
        too_few = page.get_by_text("Too few devices, hence no figure").inner_text()
        assert all(str(name) in too_few for (name,) in suppressed)


def test_data_health_shows_what_arrived_and_what_was_refused(whole_path: WholePath, page: Page) -> None:
    open_page(page, f"{whole_path.dashboard_url}/data")
    expected = by_first(
        "select source, n, rejected_count, duplicate_count from data_quality where period = 'day' and feed = 'all' "
        "and period_date = (select max(period_date) from service_status)"
    )
    records, refused, repeated = (float(value or 0) for value in expected["all"])
    assert number(tile(page, "records")[0]) == records
    everything = table(page, "feeds")[0][0]
    assert (everything["Source"], number(everything["Refused"])) == ("All sources", refused)
    assert number(everything["Repeated"]) == repeated


def test_data_health_shows_what_refreshes_take_and_cost(whole_path: WholePath, page: Page) -> None:
    wait_until(lambda: refreshes() is not None, "runs written down by the refresh loop")
    before = refreshes()
    whole_path.restart_dashboard()
    open_page(page, f"{whole_path.dashboard_url}/data")
    failed, of_runs = tile(page, "refresh-failed")
    after = refreshes()
    assert before is not None
    assert after is not None
    assert before.runs <= number(of_runs) <= after.runs
    assert before.failed <= number(failed) <= after.failed
    per_day, so_far = tile(page, "cost")
    assert per_day.startswith("$")
    assert number(per_day) > 0
    assert round(before.cost_usd, 2) <= number(so_far) <= round(after.cost_usd, 2)
    marts, count = table(page, "marts")
    live = athena_client.query("select model from refresh_costs where starts_with(beat, 'live_') and model <> 'all'")
    assert {row["Model"] for row in marts} <= {str(model) for (model,) in live}
    assert count == len(live)
    assert all(number(row["Statements"]) > 0 for row in marts)


def rates() -> list[float]:
    found = athena_client.query("select event_per_min from event_rates order by bucket_ts")
    return [float(rate or 0) for (rate,) in found]


def test_data_health_shows_minutes_without_events_as_none(whole_path: WholePath, page: Page) -> None:
    open_page(page, f"{whole_path.dashboard_url}/data")
    if not any(rates()):
        # All events are of the 5 minutes that are still being filled.
        expect(page.get_by_text("Nothing was measured within the last day")).to_be_visible()
        return
    chart = page.locator(".st-key-rates .js-plotly-plot")
    chart.wait_for(timeout=LOADED_TIMEOUT_MS)
    drawn = chart.evaluate(DRAWN)["Events a minute"]
    expected = rates()
    # The page may have asked up to two buckets sooner, and the newest ones still grow.
    settled = drawn[2:-4]
    assert any(settled == expected[2 - later : len(expected) - 4 - later] for later in (0, 1, 2))
    assert len(drawn) == len(expected) == 288
    assert 0 in drawn
    assert max(drawn) > 0


@pytest.mark.parametrize("path", PAGES)
def test_every_page_says_its_data_as_of_and_asks_nobody_else(whole_path: WholePath, page: Page, path: str) -> None:
    """Nor does it report an error to the browser, nothing that the load balancer's headers forbid among them, or stand
    out beyond a phone's edge."""
    asked: list[str] = []
    errors: list[str] = []
    page.route(lambda url: "/_stcore/" not in url and "/static/" not in url, behind_the_load_balancer)
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: errors.append(message.text) if is_error(message) else None)
    open_page(page, f"{whole_path.dashboard_url}/{path}")
    strip = page.locator("#root .tp-strip").inner_text()
    assert "data as of" in strip
    assert "newest event" in strip
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
    elsewhere = [url for url in asked if not url.startswith((whole_path.dashboard_url, "data:", "blob:"))]
    assert elsewhere == []
    assert errors == []
    page.set_viewport_size({"width": 390, "height": 844})
    settle(page)
    assert page.evaluate(BEYOND_THE_EDGE) == []


def test_what_is_shown_can_be_downloaded(whole_path: WholePath, page: Page) -> None:
    open_page(page, f"{whole_path.dashboard_url}/gps")
    rows, count = table(page, "operators")
    with page.expect_download() as download:
        page.locator(".st-key-csv-operators button").click()
    downloaded = list(csv.DictReader(download.value.path().read_text().splitlines()))
    assert len(downloaded) == count
    assert [row["operator_name"] for row in downloaded][: len(rows)] == [row["Operator"] for row in rows]


def test_strips_show_the_availability_of_the_mart(whole_path: WholePath, page: Page, tmp_path: Path) -> None:
    # The loop's late beat comes every quarter of an hour.
    by_hand.dbt(tmp_path, "run", "--select", "outage_minutes")
    open_page(page, f"{whole_path.dashboard_url}/outages?history=province")
    strips = page.locator(".st-key-history .tp-days")
    expected = by_first(
        "select area_name, availability_share, incident_n from outage_history join areas using (area_level, area_code) "
        "where period = '30_days' and area_level = 'province' and network = 'all'"
    )
    assert strips.count() == len(expected) > 0
    assert strips.first.locator(".tp-day").count() == 30
    text = page.locator(".st-key-history .tp-month").inner_text()
    for area, (share, incidents) in expected.items():
        shown = re.search(rf"{area}\s+(.+?)\s+(\d+) incident", text)
        assert shown, area
        assert (shown[1], shown[2]) == (precise_share(figure(share)) if share else "Can't tell", incidents)


def test_a_filter_goes_into_the_address_and_comes_back_from_it(whole_path: WholePath, page: Page) -> None:
    open_page(page, f"{whole_path.dashboard_url}/gps")
    page.get_by_role("combobox", name="Provider of the fix").click()
    page.get_by_role("option", name="GPS", exact=True).click()
    page.wait_for_url("**/gps?provider=gps")
    open_page(page, page.url)
    expect(page.get_by_role("combobox", name="Provider of the fix")).to_have_value("GPS")
    (fixes,) = only_row(
        "select precision_n from gps_accuracy "
        f"where {OF_THE_DAY} and area_level = 'all' and operator = 'all' and provider = 'gps'"
    )
    everyone = next(row for row in table(page, "operators")[0] if row["Operator"] == "All operators")
    assert number(everyone["Fixes"]) == fixes


def test_figures_of_another_choice_are_gone_before_the_new_ones_are_there(whole_path: WholePath, page: Page) -> None:
    operators = page.locator(".st-key-table-operators")
    open_page(page, f"{whole_path.dashboard_url}/gps")
    expect(operators).to_be_visible()
    with FaultsClient(whole_path.endpoint_url).active(
        "athena", "StartQueryExecution", resource="gps_accuracy", action="stall", seconds=STALL_S
    ):
        page.get_by_role("combobox", name="Provider of the fix").click()
        # One that no other test chooses: an answer that the dashboard has cached would not be asked for.
        page.get_by_role("option", name="Fused", exact=True).click()
        expect(operators).to_have_count(0, timeout=STALL_S * 1000)
        # What is below them stands, and Streamlit would let it fade within these.
        page.wait_for_timeout(2_000)
        opacities = page.locator("[data-stale=true]").evaluate_all(
            "elements => elements.map(element => getComputedStyle(element).opacity)"
        )
    assert opacities
    assert set(opacities) == {"1"}
    expect(operators).to_be_visible(timeout=LOADED_TIMEOUT_MS)


def test_a_link_works_on_a_dashboard_that_nobody_has_opened_yet(whole_path: WholePath, page: Page) -> None:
    whole_path.restart_dashboard()
    open_page(page, f"{whole_path.dashboard_url}/signal")
    assert table(page, "networks")[1] > 5


def test_an_unknown_filter_in_the_address_is_named(whole_path: WholePath, page: Page) -> None:
    open_page(page, f"{whole_path.dashboard_url}/gps?provider=astrology")
    expect(page.get_by_text("“astrology” is not a known provider")).to_be_visible()


@pytest.mark.usefixtures("settled_again")
def test_new_events_appear_without_a_reload(whole_path: WholePath, page: Page) -> None:
    open_page(page, whole_path.dashboard_url)
    before = number(tile(page, "events")[0])
    assert before is not None
    send = [sys.executable, "-m", "infra.feed", "replay", "--stream", STREAM, "--rate", "200"]
    subprocess.run(send, cwd=REPO_ROOT, check=True, capture_output=True, timeout=120)
    after = page.locator(".st-key-kpi-events [data-testid=stMetricValue]")
    expect(after).to_have_text(f"{before + 1000:,.0f}", timeout=REFRESHED_TIMEOUT_MS)
