"""The engines that the driver's tests run on, and the few words in which their SQL differs."""

from __future__ import annotations

from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Engine:
    """`fixture` names the server's fixture; an engine in this process has none."""

    name: str
    fixture: str = ""
    endless: str = ""  # a statement that does not end by itself
    series: str = ""  # a query of {n} rows: 1, 2, 3 …
    portals: bool = True  # other statements may run while a stream is read
    two_phase: bool = True
    procedure: str = ""  # makes a procedure {name} that writes its argument into the table `calls`
    results: str = ""  # makes a procedure {name} that returns 1, and then 2 and 3

    def url(self, request: pytest.FixtureRequest) -> str:
        return request.getfixturevalue(self.fixture).url() if self.fixture else "sqlite://"

    def rows(self, n: int) -> str:
        return self.series.replace("{n}", str(n))


_COUNT = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c{limit}) SELECT {what} FROM c"

ENGINES = {
    engine.name: engine
    for engine in (
        Engine(
            "sqlite",
            endless=_COUNT.format(limit="", what="count(*)"),
            series=_COUNT.format(limit=" WHERE x < {n}", what="x"),
            two_phase=False,
        ),
        Engine(
            "postgres",
            "postgres",
            endless="SELECT pg_sleep(60)",
            series="SELECT generate_series(1, {n})",
            procedure="CREATE PROCEDURE {name}(a integer) LANGUAGE sql AS $$ INSERT INTO calls VALUES (a) $$",
        ),
        Engine(
            "mariadb",
            "mariadb",
            endless="SELECT count(*) FROM seq_1_to_1000000 AS a, seq_1_to_1000000 AS b WHERE sqrt(a.seq + b.seq) < 0",
            series="SELECT seq FROM seq_1_to_{n}",
            portals=False,
            procedure="CREATE PROCEDURE {name}(a integer) BEGIN INSERT INTO calls VALUES (a); END",
            results="CREATE PROCEDURE {name}() BEGIN SELECT 1; SELECT 2 UNION SELECT 3; END",
        ),
    )
}
