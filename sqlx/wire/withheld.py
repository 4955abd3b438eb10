"""Secrets that a pack cannot look at before it has encrypted the line, where `sslmode` insists on that."""

from __future__ import annotations

from typing import Any, NoReturn

from sqlx.wire.errors import WireError


class Withheld:
    """In the place of a value: whoever would use it gets a WireError `refused`. That there is one may be known."""

    __slots__ = ("_sslmode", "_value")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, value: Any, sslmode: str) -> None:
        self._value = value
        self._sslmode = sslmode

    def __eq__(self, other: object) -> bool:
        return False if other is None else self._refuse()

    def _refuse(self, *_: object) -> NoReturn:
        raise not_encrypted(self._sslmode)

    __getattr__ = __len__ = __iter__ = __contains__ = __getitem__ = __add__ = __radd__ = __index__ = __str__ = _refuse


def not_encrypted(sslmode: str) -> WireError:
    """The error for a pack that goes on in clear where it may not."""
    return WireError(
        "refused",
        f"the engine's pack has not encrypted the line, as sslmode={sslmode} asks of it: no secret goes over it",
        fields={"hint": "the pack has to begin TLS with `start_tls`; sslmode=prefer does without where it does not"},
        outcome="not_run",
    )


def shown(value: Any) -> Any:
    """What was withheld, and anything else as it is; of a map, each of its values."""
    if isinstance(value, dict):
        return {name: shown(each) for name, each in value.items()}
    return value._value if isinstance(value, Withheld) else value
