"""Lay out wire packs for reading: whatever fits on a line stands on one. `--check` only says which files differ."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

WIDTH = 120
PACKS = Path(__file__).parent.parent / "wirepacks"


def layout(value: Any, indent: int = 0, used: int = 0) -> str:
    """JSON text of `value`; `used` columns are taken on its first line."""
    flat = json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        flat = "{" + flat[1:-1] + "}"
    if not isinstance(value, dict | list) or not value or (indent and used + len(flat) <= WIDTH):
        return flat
    inner = " " * (indent + 2)
    if isinstance(value, dict):
        parts = [
            f"{inner}{json.dumps(key)}: {layout(part, indent + 2, indent + len(json.dumps(key)) + 5)}"
            for key, part in value.items()
        ]
        return "{\n" + ",\n".join(parts) + f"\n{' ' * indent}}}"
    parts = [inner + layout(part, indent + 2, indent + 3) for part in value]
    return "[\n" + ",\n".join(parts) + f"\n{' ' * indent}]"


def main() -> int:
    stale = []
    for path in sorted(PACKS.glob("*.json")):
        text = path.read_text("utf-8")
        wanted = layout(json.loads(text)) + "\n"
        if text != wanted:
            stale.append(path)
            if "--check" not in sys.argv:
                path.write_text(wanted, "utf-8")
    for path in stale:
        print(f"{path.name} {'differs from its layout' if '--check' in sys.argv else 'laid out'}", file=sys.stderr)
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    raise SystemExit(main())
