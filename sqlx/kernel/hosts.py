"""Which of several places is connected to: in which order they are tried, what leads on to the next, and what is said
when none will do.

After libpq's documentation of multiple hosts, `target_session_attrs` and `load_balance_hosts`: a host that cannot be
reached, does not answer in time, cannot take connections now, or is not the server that is wanted leads on to the next
one; a login that is refused ends the search, as does a certificate that is not accepted.
"""

from __future__ import annotations

import re

from sqlx.kernel.errors import Misuse, WireError, advice, classify
from sqlx.kernel.options import ConnectOptions
from sqlx.kernel.places import Place
from sqlx.wire.link import Link, Steps

# What each value asks of a server: a trait that its pack can tell, and whether it is to have it.
WANTED = {
    "read-write": ("read_only", False),
    "read-only": ("read_only", True),
    "primary": ("standby", False),
    "standby": ("standby", True),
    "prefer-standby": ("standby", True),
}
_LEADS_ON = ("connection", "overload")  # retry classes: the server will not take anybody now


class Unwanted(WireError):
    """A server that answers, and is not the one that is wanted."""

    def __init__(self, wanted: str) -> None:
        super().__init__("connection", f"it is not {wanted}", outcome="not_run")


class Search:
    """The places of one connection that are left to be tried: `wanted` is the trait that the next one is to have.

    Raises Misuse for a server that cannot be asked what it is.
    """

    def __init__(self, options: ConnectOptions) -> None:
        self.wanted = options.target_session_attrs
        self._options = options
        self._pack = options.pack
        self._preferred = self.wanted == "prefer-standby"
        self._left = list(options.places)
        if options.load_balance_hosts == "random":
            from random import shuffle  # which takes longer to load than a short search

            shuffle(self._left)
        self._alone = len(self._left) == 1
        self._failures: list[tuple[Place, WireError]] = []
        if self.wanted in WANTED and WANTED[self.wanted][0] not in self._pack.session.get("traits", {}):
            raise Misuse(_cannot_tell(options))

    def next(self) -> Place:
        """The place to try now. Raises WireError, which tells of all that were tried, when none is left."""
        if not self._left and self._preferred:
            self._preferred, self.wanted = False, "any"
            self._left = [place for place, error in self._failures if isinstance(error, Unwanted)]
            self._failures = [each for each in self._failures if not isinstance(each[1], Unwanted)]
        if not self._left:
            raise self._none()
        return self._left.pop(0)

    def failed(self, place: Place, error: WireError, link: Link) -> None:
        """Remember why a place will not do; what else its name leads to is tried next. Raises `error` where that ends
        the search.
        """
        hint = advice(error, self._pack, "login")
        if hint:
            error.fields.setdefault("hint", _filled(hint, self._options, place))
        if place.unread and "password" in error.message.lower():
            error.fields["hint"] = "; ".join(filter(None, [place.unread, error.fields.get("hint")]))
        if not self._leads_on(error):
            raise error
        self._failures.append((place, error))
        self._left[:0] = [place._replace(peer=peer) for peer in link.untried]

    def _leads_on(self, error: WireError) -> bool:
        if error.kind == "server":
            return classify(error, self._pack)[1] in _LEADS_ON
        # Whom a certificate unmasks is not evaded: somebody may have put himself before the real server.
        return error.kind in ("connection", "timeout") and not _is_distrust(error)

    def _none(self) -> WireError:
        if self._alone:
            place, error = self._failures[-1]
            unwanted = isinstance(error, Unwanted)
            return WireError("connection", f"{place}: {error}", outcome="not_run") if unwanted else error
        told = "".join(f"\n  {place}: {error.message}" for place, error in self._failures)
        sentence = f"none of the {len(self._failures)} hosts will do:{told}"
        return WireError("connection", sentence, outcome="not_run")


def met(link: Link, wanted: str) -> Steps[None]:
    """See that a server which was just connected to is the one that is wanted. Raises WireError."""
    if wanted in WANTED:
        trait, expected = WANTED[wanted]
        if (yield from link.trait(trait)) != expected:
            raise Unwanted(wanted.removeprefix("prefer-"))


def _filled(hint: str, options: ConnectOptions, place: Place) -> str:
    """A hint with what was connected with in its holes; of a password, where it came from."""
    password = options.password or place.password
    said = {
        "user": options.user,
        "sslmode": place.sslmode,
        "password": password.origin if password else "nowhere",
    }
    return re.sub(r"\{(\w+)\}", lambda hole: str(said[hole[1]]), hint)


def _is_distrust(error: WireError) -> bool:
    from ssl import SSLCertVerificationError  # an engine in this process needs none of it

    return isinstance(error.__cause__, SSLCertVerificationError)


def _cannot_tell(options: ConnectOptions) -> str:
    known = options.pack.session.get("traits", {})
    can = ", ".join(["any", *(name for name, (trait, _) in WANTED.items() if trait in known)])
    title = options.pack.title or options.pack.name
    return f"{title} servers do not tell whether they are {options.target_session_attrs}: target_session_attrs is {can}"
