"""What an asyncio connection waits with. Its twin is `sqlx.kernel.blocking`."""

from asyncio import Lock
from asyncio import current_task as current

from sqlx.wire.io_asyncio import Asyncio as Runner

__all__ = ["Lock", "Runner", "current"]
