"""SQLx, a database driver and kernel: `import sqlx.dbapi` to connect. Here are the value types that Python has not.

They are loaded when first asked for, so that `import sqlx` costs nothing.
"""

import typing

if typing.TYPE_CHECKING:
    from sqlx.wire.values.types import Interval, Json, ServerText

__version__ = "0.1.0"

__all__ = ["Interval", "Json", "ServerText", "__version__"]


def __getattr__(name: str) -> typing.Any:
    if name not in __all__:
        raise AttributeError(f"module 'sqlx' has no attribute {name!r}")
    from sqlx.wire.values import types

    return globals().setdefault(name, getattr(types, name))
