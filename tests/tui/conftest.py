"""The IDE under test: started without a terminal, watched by what it shows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.tui.studio import Studio

Opened: TypeAlias = Callable[..., AbstractAsyncContextManager[Studio]]


@pytest.fixture
def sample(sample_file: Path, tmp_path: Path) -> str:
    """The URL of a copy of the sample database."""
    copy = tmp_path / "sample.db"
    copy.write_bytes(sample_file.read_bytes())
    return f"sqlite:///{copy}"


@pytest.fixture
def studio() -> Opened:
    """`async with studio(url) as ide`: the IDE, connected."""

    @asynccontextmanager
    async def opened(url: str, size: tuple[int, int] = (120, 36)) -> AsyncIterator[Studio]:
        async with Studio.started(url, size) as ide:
            await ide.until(lambda: ide.screen.session is not None)
            yield ide

    return opened


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of whoever runs the tests decides how the IDE looks, and it writes nothing into their folders."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("SQLX_THEME", "NO_COLOR", "TEXTUAL_THEME", "TEXTUAL_COLOR_SYSTEM"):
        monkeypatch.delenv(name, raising=False)
