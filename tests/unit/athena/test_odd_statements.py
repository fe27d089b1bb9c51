"""Whatever the text, the answer is a plan or Athena's refusal, never a Python error."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from infra.local.athena.sql.statements import plan
from infra.local.athena.sql.text import Refused
from tests.unit.athena.statements import STATEMENTS

PIECES = sorted({piece for statement in STATEMENTS for piece in statement.split()} | set("()[],.;'\"`?=<>{}\\\n\0é"))

# The time of a first parse says nothing about the next.
no_deadline = settings(deadline=None)


def answer(sql: str) -> str:
    """Any other error than Refused fails the test."""
    try:
        return plan(sql, "marts").operation
    except Refused:
        return "refused"


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_statement_cut_off_anywhere_is_planned_or_refused(statement: str) -> None:
    assert answer(statement) != "refused"
    for end in range(len(statement)):
        answer(statement[:end])


@no_deadline
@given(st.sampled_from(STATEMENTS), st.data())
def test_a_statement_with_one_piece_changed_is_planned_or_refused(statement: str, data: st.DataObject) -> None:
    pieces = statement.split()
    position = data.draw(st.integers(0, len(pieces) - 1))
    pieces[position] = data.draw(st.sampled_from(PIECES) | st.just("") | st.text(max_size=8))
    answer(" ".join(pieces))


@no_deadline
@given(st.lists(st.sampled_from(PIECES), max_size=12))
@example(["drop"])
@example(["create", "or", "replace"])
def test_pieces_in_any_order_are_planned_or_refused(pieces: list[str]) -> None:
    answer(" ".join(pieces))


@no_deadline
@given(st.text(max_size=60))
def test_any_text_is_planned_or_refused(text: str) -> None:
    answer(text)


def test_a_statement_that_ends_too_early_says_where() -> None:
    with pytest.raises(Refused, match="line 2:9: mismatched input '<EOF>'"):
        plan("prepare\np   from ")
