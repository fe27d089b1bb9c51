"""An acknowledgement names somebody, has bounds, and binds every value."""

import pytest

from dashboard.acknowledgements import MAX_NAME, MAX_NOTE, acknowledge, problem_with


@pytest.mark.parametrize(
    ("name", "note", "says"),
    [
        ("", "on it", "Say who you are"),
        ("   ", "", "Say who you are"),
        ("x" * (MAX_NAME + 1), "", "81"),
        ("Ada", "y" * (MAX_NOTE + 1), "1,001"),
    ],
)
def test_what_cannot_be_taken_is_refused_in_words(name: str, note: str, says: str) -> None:
    assert says in str(problem_with(name, note))
    with pytest.raises(ValueError, match=says):
        acknowledge("a1", name, note)


def test_values_are_bound_and_trimmed() -> None:
    query = acknowledge("a1'; drop table x", " Ada ", " it's <b>known</b> ")
    assert "drop" not in query.sql
    assert query.parameters["name"] == "Ada"
    assert query.parameters["note"] == "it's <b>known</b>"


def test_two_acknowledgements_have_two_ids() -> None:
    first, second = acknowledge("a1", "Ada", ""), acknowledge("a1", "Ada", "")
    assert first.parameters["acknowledgement_id"] != second.parameters["acknowledgement_id"]
