"""What a blocking connection waits with. Its twin is `sqlx.kernel.nonblocking`."""

from threading import Lock
from threading import get_ident as current

from sqlx.wire.io import Blocking as Runner

__all__ = ["Lock", "Runner", "current"]
