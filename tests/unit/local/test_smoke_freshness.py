"""How `make smoke` turns puts and looks into seconds."""

import pytest

from infra.local.smoke import freshness


def test_each_event_counts_from_its_own_put_to_the_first_look_that_shows_it() -> None:
    puts = [(2, 100.0), (3, 101.0)]
    looks = [(0, 99.0), (1, 103.0), (3, 110.0)]
    assert freshness(puts, looks) == [3.0, 10.0, 9.0]


def test_a_look_that_never_shows_all_is_an_error_not_a_shorter_list() -> None:
    with pytest.raises(StopIteration):
        freshness([(2, 100.0)], [(0, 99.0), (1, 103.0)])
