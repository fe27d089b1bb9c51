"""An outage as an analyst meets it: it shows by itself, explains itself, and takes an acknowledgement."""

from datetime import UTC, datetime, timedelta

import boto3
import pytest
from playwright.sync_api import Page, expect

from infra.feed import replay
from infra.local import athena_client
from infra.local.resources import STREAM
from tests.e2e.accessibility import findings
from tests.e2e.browser import LOADED_TIMEOUT_MS, REFRESHED_TIMEOUT_MS, open_page, settle, table
from tests.e2e.conftest import WholePath

AREA_CODE, AREA, NETWORK, NETWORK_NAME = "430385", "Cambrils", "movistar", "Movistar"
PHONES, MINUTES = 12, 30
OUT_OF_SERVICE = 1


def reports_of_no_service(now: datetime) -> list[replay.Event]:
    """Of each phone one every five minutes until now."""
    return [
        {
            "event_id": f"no-service-{phone}-{minutes}-{now:%s}",
            "event_ts": (now - timedelta(minutes=minutes)).isoformat(timespec="milliseconds"),
            "schema_version": 1,
            "feed": "simulator",
            "device_id": f"phone-{phone}",
            "network": NETWORK,
            "operator": NETWORK,
            "status": OUT_OF_SERVICE,
            "postal_code": AREA_CODE,
        }
        for phone in range(PHONES)
        for minutes in range(0, MINUTES, 5)
    ]


@pytest.mark.usefixtures("settled_again")
def test_a_new_outage_shows_without_a_reload_explains_itself_and_is_acknowledged(
    whole_path: WholePath, page: Page
) -> None:
    open_page(page, whole_path.dashboard_url)
    card = page.locator("#root a.tp-incident", has_text=AREA)
    expect(card).to_have_count(0)
    replay.put(boto3.client("kinesis"), STREAM, reports_of_no_service(datetime.now(UTC)))
    # Of reports that arrive in two batches, the first may not be enough.
    expect(card).to_contain_text("Outage", timeout=REFRESHED_TIMEOUT_MS)
    expect(card).to_contain_text(NETWORK_NAME)
    expect(card).to_contain_text("at worst 100")
    expect(card).to_contain_text("not acknowledged")
    assert findings(page) == []

    card.click()
    page.wait_for_url("**/incident?id=*")
    page.locator("#root .tp-strip").wait_for(timeout=LOADED_TIMEOUT_MS)
    settle(page)
    shown = page.locator(".st-key-incident .tp-incident")
    expect(shown).to_contain_text(AREA)
    ((incident, state, votes),) = athena_client.query(
        "select incident_id, state, peak_vote_n from outage_incidents "
        f"where area_code = '{AREA_CODE}' and network = '{NETWORK}'"
    )
    assert state == "CONFIRMED"
    assert page.url.endswith(f"id={incident}")
    expect(shown).to_contain_text("Outage")
    expect(shown).to_contain_text(f"of {votes} votes", timeout=REFRESHED_TIMEOUT_MS)
    checks, count = table(page, "checks")
    assert count > 0
    assert "Outage" in [check["Verdict"] for check in checks]
    assert [change["State"] for change in table(page, "changes")[0]][-1] == "Outage"
    assert findings(page) == []

    page.get_by_label("Your name").fill("Núria <b>")
    page.get_by_label("Note").fill("Fibre cut; a team is on its way")
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_text("Núria <b>: Fibre cut; a team is on its way")).to_be_visible(timeout=REFRESHED_TIMEOUT_MS)
    assert athena_client.query(
        f"select acknowledged_by, note from outage_acknowledgements where incident_id = '{incident}'"
    ) == [["Núria <b>", "Fibre cut; a team is on its way"]]
