"""The page on GPS accuracy shows operators' names, which phones send, as they are."""

from streamlit.testing.v1 import AppTest


def page() -> None:
    from dashboard.views import gps_accuracy

    name = '<a href="http://y.example">'
    row = {"operator": "x", "operator_name": name, "precision_n": 40, "indistinct_operators": None}
    share = {"within_10m_share": 0.5, "within_10m_share_ci_low": 0.4, "within_10m_share_ci_high": 0.6}
    gps_accuracy._ranking([{**row, **share, "rank_best": 1, "rank_worst": 1, "rank_of": 1}])
    gps_accuracy._too_few([{**row, "confidence": "suppressed"}])


def test_names_of_operators_are_text_and_never_a_link() -> None:
    app = AppTest.from_function(page).run()
    assert not app.exception
    shown = [element.proto.body for element in app.get("html")]
    assert len(shown) == 2
    assert all("&lt;a href=&quot;http://y.example&quot;&gt;" in text for text in shown), shown
    assert not any("y.example" in element.value for element in [*app.markdown, *app.caption])
