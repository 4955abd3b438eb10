"""The pack that a URL's scheme means, or that the caller named."""

from __future__ import annotations

import os

from sqlx.kernel.errors import Misuse, did_you_mean
from sqlx.wire import registry
from sqlx.wire.registry import Pack


def pack_of(scheme: str) -> Pack:
    """The pack of a scheme. Raises Misuse for one that nobody has."""
    schemes = registry.shipped_schemes()
    if scheme not in schemes:
        raise Misuse(f"no engine has the scheme {scheme!r}{did_you_mean(scheme, schemes)} {known_schemes()}")
    return registry.load(schemes[scheme])


def known_schemes() -> str:
    return f"(known schemes: {', '.join(sorted(registry.shipped_schemes()))})"


def own_pack(pack: Pack | str | os.PathLike[str]) -> Pack:
    if isinstance(pack, Pack):
        return pack
    from sqlx.wire.language.check import load_file  # the models are loaded for a stranger's pack only

    return load_file(pack)
