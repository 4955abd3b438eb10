"""The value types of our own, and what `sqlx` exports."""

import pickle
import subprocess
import sys
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sqlx
from sqlx import Interval, Json, ServerText


def test_importing_the_package_loads_nothing_else() -> None:
    """`import sqlx` alone is for those who only ask its version."""
    code = (
        "import sys; import sqlx; sqlx.__version__; print([name for name in sys.modules if name.startswith('sqlx.')])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_the_package_exports_what_it_says() -> None:
    """Every name in `__all__` is there."""
    assert sqlx.__all__ == sorted(sqlx.__all__)
    assert all(hasattr(sqlx, name) for name in sqlx.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        sqlx.Nothing  # noqa: B018


@pytest.mark.parametrize(
    ("interval", "text"),
    [
        (Interval(), "PT0S"),
        (Interval(14, 3, 14_706_789_000), "P1Y2M3DT4H5M6.789S"),
        (Interval(-1, 2, -1), "P-1M2DT-0.000001S"),
        (Interval(days=-1), "P-1D"),
        (Interval(microseconds=-3_600_000_000), "PT-1H"),
        (Interval(-25), "P-2Y-1M"),
    ],
)
def test_an_interval_as_text(interval: Interval, text: str) -> None:
    """ISO 8601, a sign on each part that is negative."""
    assert str(interval) == text


@given(st.timedeltas())
def test_timedeltas_come_back(span: timedelta) -> None:
    """Interval holds every timedelta."""
    assert Interval.from_timedelta(span).to_timedelta() == span


def test_months_have_no_length() -> None:
    """A month cannot become a timedelta."""
    with pytest.raises(ValueError, match="an interval with months has no fixed length: P1M"):
        Interval(1).to_timedelta()


def test_intervals_are_values() -> None:
    """Equal by parts, hashable, without an order, and they pickle."""
    assert Interval(0, 1) != Interval(0, 0, 86_400_000_000)
    assert len({Interval(1, 2, 3), Interval(1, 2, 3)}) == 1
    assert pickle.loads(pickle.dumps(Interval(1, 2, 3))) == Interval(1, 2, 3)
    with pytest.raises(TypeError):
        sorted([Interval(), Interval(1)])  # type: ignore[type-var]


def test_server_text_is_text() -> None:
    """It can be used, compared and pickled wherever text can."""
    text = ServerText("infinity")
    assert text == "infinity"
    assert type(pickle.loads(pickle.dumps(text))) is ServerText


def test_json_says_what_it_holds() -> None:
    """The wrapper shows its value."""
    assert repr(Json([1])) == "Json(value=[1])"
