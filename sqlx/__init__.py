"""SQLx, a database driver and kernel: `import sqlx.dbapi` to connect. Here are the value types that Python has not,
and `types`, which teaches all connections of more.

They are loaded when first asked for, so that `import sqlx` costs nothing.
"""

import typing

if typing.TYPE_CHECKING:
    from sqlx.kernel.adapting import EVERYWHERE as types
    from sqlx.wire.values.containers import Array, Multirange, Range, Record, Vector
    from sqlx.wire.values.geometry import Geometry
    from sqlx.wire.values.shapes import Box, Circle, Line, Path, Point, Polygon, Segment
    from sqlx.wire.values.types import Interval, Json, ServerText

__version__ = "0.1.0"

__all__ = [
    "Array",
    "Box",
    "Circle",
    "Geometry",
    "Interval",
    "Json",
    "Line",
    "Multirange",
    "Path",
    "Point",
    "Polygon",
    "Range",
    "Record",
    "Segment",
    "ServerText",
    "Vector",
    "__version__",
    "types",
]


def __getattr__(name: str) -> typing.Any:
    if name not in __all__:
        raise AttributeError(f"module 'sqlx' has no attribute {name!r}")
    if name == "types":
        from sqlx.kernel.adapting import EVERYWHERE

        return globals().setdefault(name, EVERYWHERE)
    from sqlx.wire.values import containers, geometry, shapes, types

    home = next(module for module in (types, containers, shapes, geometry) if hasattr(module, name))
    return globals().setdefault(name, getattr(home, name))


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
