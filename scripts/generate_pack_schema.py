"""Write docs/wire-pack.schema.json from the models: `python scripts/generate_pack_schema.py [--check]`.

`--check` writes nothing and exits 1 when the file is not what the models make of it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from sqlx.wire.language.pack import json_schema

TARGET = Path(__file__).resolve().parent.parent / "docs" / "wire-pack.schema.json"


def schema_text() -> str:
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    wanted = schema_text()
    if TARGET.exists() and TARGET.read_text("utf-8") == wanted:
        return 0
    if "--check" in arguments:
        print(f"{TARGET.name} is not what the models make of it: run python {sys.argv[0]}", file=sys.stderr)
        return 1
    TARGET.write_text(wanted, "utf-8")
    print(f"wrote {TARGET.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
