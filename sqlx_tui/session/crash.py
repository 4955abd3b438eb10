"""What is left behind when the IDE itself fails: a file with all that helps to find the defect, and a sentence."""

from __future__ import annotations

import platform
import traceback
from contextlib import suppress
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from textual.worker import WorkerFailed


def report(error: BaseException) -> str:
    """Write the report; the sentence for whoever sat before it. Values of variables, and so secrets, are left out."""
    if isinstance(error, WorkerFailed):
        error = error.error
    said = f"{type(error).__name__} in the IDE: this is a defect of sqlx, not of what you did"
    lines = [
        f"sqlx-os {version('sqlx-os')}, textual {version('textual')}, Python {platform.python_version()}, "
        f"{platform.platform()}",
        datetime.now().astimezone().isoformat(timespec="seconds"),
        "",
        *traceback.format_exception(error),
    ]
    for folder in _folders():
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"sqlx-crash-{datetime.now():%Y%m%d-%H%M%S-%f}.txt"
            path.write_text("\n".join(lines), "utf-8")
            return f"{said}\na report that you can pass on is in {path}"
    return f"{said}\nno report could be written: there is no folder for it"


def _folders() -> list[Path]:
    import tempfile

    from platformdirs import user_log_path

    return [user_log_path("sqlx", appauthor=False), Path(tempfile.gettempdir())]
