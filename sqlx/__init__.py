"""SQLx, a database driver and kernel: `import sqlx.dbapi` to connect. Here are the value types that Python has not."""

from sqlx.wire.values.types import Interval, Json, ServerText

__version__ = "0.1.0"

__all__ = ["Interval", "Json", "ServerText", "__version__"]
