"""The page on GPS accuracy shows operators' names, which phones send, as they are."""

from streamlit.testing.v1 import AppTest


def page() -> None:
    from dashboard.views import gps_accuracy

    name = "[x](http://y)"
    row = {"operator": "x", "operator_name": name, "precision_n": 40, "indistinct_operators": None}
    share = {"within_10m_share": 0.5, "within_10m_share_ci_low": 0.4, "within_10m_share_ci_high": 0.6}
    gps_accuracy._ranking([{**row, **share, "rank_best": 1, "rank_worst": 1, "rank_of": 1}])
    gps_accuracy._too_few([{**row, "confidence": "suppressed"}])


def test_markup_in_operators_names_is_shown_as_text() -> None:
    app = AppTest.from_function(page).run()
    assert not app.exception
    named = [element.value for element in [*app.markdown, *app.caption] if "http" in element.value]
    assert len(named) == 2
    assert all(r"\[x\]\(http\://y\)" in text for text in named), named
