"""The page Signal lists the hours that are not as usual, and says by how much."""

from streamlit.testing.v1 import AppTest


def page() -> None:
    from datetime import datetime

    from dashboard.views import signal

    row = {
        "period_start_ts": datetime(2026, 1, 5, 9),
        "signal_n": 400,
        "weak_signal_share": 0.21,
        "weak_signal_share_ci_low": 0.17,
        "weak_signal_share_ci_high": 0.25,
        "confidence": "published",
        "normal_week_count": 4,
        "normal_signal_n": 1600,
        "normal_weak_signal_share": 0.16,
        "weak_signal_change": 0.051,
        "weak_signal_change_ci_low": 0.01,
        "weak_signal_change_ci_high": 0.095,
        "is_changed": True,
        "change_confidence": "published",
    }
    signal._changes([row, {**row, "is_changed": False, "weak_signal_change": 0.001}])


def test_only_hours_that_differ_are_listed_with_their_change() -> None:
    app = AppTest.from_function(page).run()
    assert not app.exception
    shown = app.dataframe[0].value
    assert len(shown) == 1
    texts = " ".join(map(str, shown.iloc[0]))
    for expected in ("Mon 05 Jan 10:00", "More weak signals", "21 %", "16 %", "+5.1", "+1.0 to +9.5"):
        assert expected in texts, (expected, texts)
