"""Makes the pictures of docs/images: the IDE on a query of the sample database, in both themes.

.venv/bin/python scripts/screenshots.py
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

from sqlx.cli.sample import make_sample
from sqlx_tui.app import StudioApp

IMAGES = Path(__file__).parents[1] / "docs" / "images"
SIZE = (112, 32)
QUERY = """\
-- the customers who spent most, and a note of theirs
SELECT c.given_name || ' ' || c.family_name AS customer,
       c.country, count(*) AS orders,
       round(sum(t.total), 2) AS spent, max(o.note) AS note
FROM customers AS c
JOIN orders AS o ON o.customer_id = c.id
JOIN order_totals AS t ON t.order_id = o.id
WHERE o.status <> 'cancelled' AND c.joined >= '2022-01-01'
GROUP BY c.id
ORDER BY spent DESC;
"""


async def picture(url: str, theme: str) -> str:
    """The screen after the query has run, with a cell chosen and a table open."""
    os.environ["SQLX_THEME"] = theme
    app = StudioApp(url)
    async with app.run_test(size=SIZE) as pilot:
        studio = app.studio
        while studio.session is None or not studio.tree_pane.root.children:
            await pilot.pause()
        studio.editor.text = QUERY
        await pilot.press("f5")
        while studio.run is None or not studio.run.over.is_set():
            await pilot.pause()
        tree = studio.tree_pane
        while tree.last_line < 8:
            await pilot.pause()
        next(child for child in tree.root.children[0].children if str(child.label) == "customers").expand()
        await pilot.press("f4", "down", "down", "right", "right", "right")
        await pilot.pause()
        return app.export_screenshot(title="sqlx tui")


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sample.db"
        make_sample(path)
        for theme in ("dark", "light"):
            (IMAGES / f"ide-{theme}.svg").write_text(asyncio.run(picture(f"sqlite:///{path}", theme)), "utf-8")


if __name__ == "__main__":
    main()
