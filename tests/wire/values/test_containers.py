"""Ranges and multiranges as values: what is in them, how they sort, how they look."""

import pickle
from datetime import date
from itertools import pairwise

import pytest

from sqlx import Multirange, Range, ServerText


def test_what_is_in_a_range() -> None:
    assert [n in Range(1, 3) for n in (0, 1, 2, 3)] == [False, True, True, False]
    assert [n in Range(1, 3, "(]") for n in (0, 1, 2, 3)] == [False, False, True, True]
    assert 5 in Range() and 5 in Range(5, None) and 5 in Range(None, 5, "(]")
    assert 5 not in Range(None, 5) and 5 not in Range(empty=True)
    assert date.max in Range(date(2024, 1, 1), ServerText("infinity"))
    assert 2 in Multirange([Range(1, 3), Range(5, 7)]) and 4 not in Multirange([Range(1, 3), Range(5, 7)])


def test_a_range_says_one_thing_in_one_way() -> None:
    """An end that is none belongs to no range, and what holds nothing is empty."""
    assert Range(None, 5, "[)") == Range(None, 5, "()")
    assert Range(5, 5) == Range(5, 5, "()") == Range(empty=True) and not Range(5, 5)
    assert Range(5, 5, "[]") and hash(Range(1, 2)) == hash(Range(1, 2))
    assert Range(1, 2) != Range(1, 2, "[]")
    with pytest.raises(ValueError, match=r"'\)\['"):
        Range(1, 2, ")[")


def test_how_ranges_sort() -> None:
    rising = [Range(empty=True), Range(None, 1), Range(None, 1, "(]"), Range(), Range(1, 2), Range(1, 3),
              Range(1, None), Range(1, 2, "()"), Range(2, 3)]  # fmt: skip
    assert sorted(rising[4:] + rising[:4]) == rising
    assert all(one < other and other > one and one <= other and not other <= one for one, other in pairwise(rising))
    assert not any(each < each for each in rising)
    with pytest.raises(TypeError):
        _ = Range(1, 2) < 5


def test_how_ranges_look() -> None:
    assert [str(each) for each in (Range(1, 5), Range(None, 5, "(]"), Range(empty=True))] == ["[1,5)", "(,5]", "empty"]
    assert [repr(each) for each in (Range(1, 5), Range(5, 5))] == ["Range(1, 5, '[)')", "Range(empty=True)"]
    assert repr(Multirange([Range(1, 2)])) == "Multirange([Range(1, 2, '[)')])"
    assert pickle.loads(pickle.dumps(Range(1, 2))) == Range(1, 2)
