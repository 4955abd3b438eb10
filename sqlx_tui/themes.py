"""The themes: one JSON file each, with the colours of the screen and of SQL.

name, dark, ansi   `ansi`: only the terminal's own 16 colours
colors             Textual's theme colours: primary, secondary, accent, success, warning, error, foreground, …
variables          further variables of the style sheet
syntax             kind of token -> style: keyword, function, string, number, comment, identifier, parameter,
                   operator, error; `line` is the background of the cursor's line
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from rich.style import Style
from textual.theme import Theme

DEFAULT = "sqlx-dark"
PLAIN = "sqlx-terminal"


@dataclass(frozen=True, slots=True)
class StudioTheme:
    """`colours` is what Textual registers, `syntax` how each kind of token looks."""

    colours: Theme
    syntax: dict[str, Style]


def theme_folder() -> Path:
    """The shipped themes: `sqlx_tui/_themes` in an installed wheel, `themes/` beside the package in a checkout."""
    package = Path(str(resources.files("sqlx_tui")))
    installed = package / "_themes"
    return installed if installed.is_dir() else package.parent / "themes"


def load_themes() -> dict[str, StudioTheme]:
    """All shipped themes by name."""
    themes = (_read(json.loads(path.read_text("utf-8"))) for path in sorted(theme_folder().glob("*.json")))
    return {theme.colours.name: theme for theme in themes}


def preferred() -> str:
    """The theme for this terminal: its own colours where it has only a few."""
    wanted = os.environ.get("SQLX_THEME", "")
    if wanted:
        return wanted if wanted.startswith("sqlx-") else f"sqlx-{wanted}"
    has_many = "256" in os.environ.get("TERM", "") or bool(os.environ.get("COLORTERM"))
    return DEFAULT if has_many or os.environ.get("TEXTUAL_COLOR_SYSTEM") in ("truecolor", "256") else PLAIN


def _read(source: dict[str, Any]) -> StudioTheme:
    colours = Theme(
        name=source["name"],
        dark=source["dark"],
        ansi=source.get("ansi", False),
        variables=source.get("variables", {}),
        **source["colors"],
    )
    return StudioTheme(colours, {kind: Style.parse(style) for kind, style in source["syntax"].items()})
