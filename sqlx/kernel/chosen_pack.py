"""The pack that a URL's scheme means, or that the caller named."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sqlx.kernel.errors import Misuse, PackError, did_you_mean
from sqlx.wire import registry
from sqlx.wire.registry import Pack

if TYPE_CHECKING:
    from sqlx.wire.language.own_packs import OwnFile


def pack_of(scheme: str) -> Pack:
    """The pack of a scheme: a shipped one, or one in the folders of `SQLX_PACKS`.

    Raises Misuse for a scheme that nobody has, PackError for a pack that cannot be used.
    """
    name = registry.shipped_schemes().get(scheme)
    if name is not None:
        return registry.load(name)
    own = None
    if os.environ.get("SQLX_PACKS"):
        from sqlx.wire.language import own_packs  # the models are loaded for a stranger's pack only

        own = own_packs.pack_of(scheme)
    if own is None:
        near = did_you_mean(scheme, _schemes())
        raise Misuse(f"no engine has the scheme {scheme!r}{near} {known_schemes()}{_unread()}")
    return own


def own_pack(pack: Pack | str | os.PathLike[str]) -> Pack:
    """The pack that a caller gives, or that is in the file that he names. Raises Misuse, PackError."""
    if isinstance(pack, Pack):
        return pack
    if not isinstance(pack, str | os.PathLike) or isinstance(os.fspath(pack), bytes):
        raise Misuse(f"pack is a pack or the path of its file, not {type(pack).__name__}")
    from sqlx.wire.language import own_packs

    return own_packs.load(pack)


def known_schemes() -> str:
    """The schemes there are, for a sentence."""
    return f"(known schemes: {', '.join(sorted(_schemes()))})"


def _schemes() -> list[str]:
    return [*registry.shipped_schemes(), *(scheme for file in _own_files() for scheme in file.schemes)]


def _unread() -> str:
    """The first of the user's packs that nobody can say the schemes of."""
    unread = [file for file in _own_files() if file.wrong is not None and not file.name]
    return f"; and what cannot be read may have it: {unread[0].wrong}" if unread else ""


def _own_files() -> list[OwnFile]:
    if not os.environ.get("SQLX_PACKS"):
        return []
    from sqlx.wire.language import own_packs

    try:
        return own_packs.files()
    except PackError:
        return []
