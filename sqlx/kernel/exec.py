"""The way of a statement, and what the rooms above need to walk it.

Nothing stands on that way yet but the session itself: what will (policy, plans, routing) is chosen once, at connect,
so that where nothing is configured `Cursor.execute` is bound to the wire path and pays nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlx.kernel.batches import each
from sqlx.kernel.copying import DataSource, RowFormat, is_end, pieces
from sqlx.kernel.notifications import Notification
from sqlx.kernel.options import ConnectOptions
from sqlx.kernel.places import Place
from sqlx.kernel.secret import Secret, Source
from sqlx.kernel.session import Session
from sqlx.kernel.streams import Runner, Stream, shortened
from sqlx.kernel.two_phase import Xid, xid
from sqlx.wire.feed import PIECE
from sqlx.wire.link import GivenUp, Link, Steps
from sqlx.wire.parameters import parameters_of
from sqlx.wire.registry import Pack
from sqlx.wire.result import Column, Reply, Result

if TYPE_CHECKING:
    from sqlx.wire.channel import Endpoint

__all__ = [
    "PIECE",
    "Column",
    "DataSource",
    "GivenUp",
    "Link",
    "Notification",
    "Pack",
    "Path",
    "Reply",
    "Result",
    "RowFormat",
    "Session",
    "Steps",
    "Stream",
    "Xid",
    "each",
    "is_end",
    "open_link",
    "open_session",
    "path",
    "pieces",
    "shortened",
    "xid",
]

Path: TypeAlias = Callable[[str, Any, Stream | None], Steps[Reply]]


def open_link(options: ConnectOptions, place: Place | None = None) -> Link:
    """The other end of a connection, not yet opened: an engine in this process or a server on a socket, as the pack
    says; of several places the first where none is given.
    """
    if options.pack.embedded:
        from sqlx.wire.embedded import EmbeddedLink

        return EmbeddedLink(options.pack, options.database, options.extra)
    from sqlx.wire.conversation import Conversation
    from sqlx.wire.identity import Identity

    place = place or options.places[0]
    own = {name: value.reveal() if isinstance(value, Secret) else value for name, value in options.extra.items()}
    more = {"application_name": options.application_name, "allow_cleartext": options.allow_cleartext, **own}
    identity = Identity(options.user or "", _password(options, place), options.database or "", more)
    return Conversation(options.pack, _endpoint(options, place), identity)


def _endpoint(options: ConnectOptions, place: Place) -> Endpoint:
    from sqlx.wire.channel import Endpoint, Keepalive

    return Endpoint(
        place.host or "",
        place.port or 0,
        place.socket,
        place.sslmode,
        options.sslrootcert,
        options.sslcert,
        options.sslkey,
        None if options.sslpassword is None else options.sslpassword.reveal(),
        place.hostaddr,
        options.load_balance_hosts == "random",
        Keepalive(
            options.keepalives,
            options.keepalives_idle,
            options.keepalives_interval,
            options.keepalives_count,
            options.tcp_user_timeout,
        ),
        place.peer,
    )


def _password(options: ConnectOptions, place: Place) -> str | Callable[[], Any] | None:
    password = options.password or place.password
    if isinstance(password, Source):
        return password.ask
    return None if password is None else password.reveal()


def open_session(link: Link, runner: Runner, options: ConnectOptions) -> Session:
    """The session over a link, opened or to be opened. Raises WireError for options that its engine cannot meet."""
    return Session(
        link,
        runner,
        parameters_of(link.pack),
        paramstyle=options.paramstyle,
        autocommit=options.autocommit,
        isolation=options.isolation,
        prepare_threshold=options.prepare_threshold,
        prepared_max=options.prepared_max,
        show_warnings=bool(options.extra.get("show_warnings")),
    )


def path(session: Session) -> Path:
    """How the statements of this session run."""
    return session.execute
