"""Services: options of a connection under a name, in the grammar of libpq (docs/connecting.md has the address).

[name]
host=db.example.org
user=anna
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlx.kernel.environment.text_files import Said, TextFile, expanded, read
from sqlx.kernel.errors import Misuse


def service(name: str, paths: Iterable[str]) -> list[Said]:
    """What the first file that has a service says of it. Raises Misuse when none has, and for a file that is wrong."""
    looked = [path for path in map(expanded, paths) if path]
    for path in looked:
        file = read(path)
        found = _section(file, name) if file is not None else None
        if found is not None:
            return found
    raise Misuse(f"there is no service {name!r} in {' or '.join(looked) or 'any file'}: correct its name, or add it")


def _section(file: TextFile, name: str) -> list[Said] | None:
    found: list[Said] | None = None
    inside = False
    for number, line in enumerate(file.lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if text.startswith("["):
            if inside:
                break
            inside = text == f"[{name}]"
            found = [] if inside else found
        elif inside and found is not None:
            found.append(_said(text, file.where(number)))
    return found


def _said(text: str, where: str) -> Said:
    word, equals, value = text.partition("=")
    if not equals or not word.strip():
        raise Misuse(f"{where}: this is neither [service] nor option=value")
    return Said(word.strip(), value.strip(), where)
