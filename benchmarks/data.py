"""The tables that are read: the same rows on every engine, made by the engine."""

from __future__ import annotations

import sqlx.dbapi

NARROW, MIXED, POINTS = 200_000, 50_000, 20_000

POSTGRES = f"""
CREATE TABLE narrow AS SELECT i::int4 a, i * 1000003::int8 b, random() * 1000 c FROM generate_series(1, {NARROW}) i;
CREATE TABLE mixed AS SELECT i::int4 id, i * 7919000::int8 big,
  'customer name ' || lpad((i % 997)::text, 6, '0') AS name,
  (random() * 100000)::numeric(12, 2) price, timestamp '2020-01-01' + i * interval '61.123456 s' moment, i % 3 = 0 flag,
  CASE WHEN i % 4 > 0 THEN 'note ' || i END note, date '2000-01-01' + (i % 9000)::int AS day
  FROM generate_series(1, {MIXED}) i;
CREATE TABLE points (id int4 PRIMARY KEY, name text, val float8);
INSERT INTO points SELECT i, 'name ' || i, i * 1.5 FROM generate_series(1, {POINTS}) i;
CREATE TABLE ins (a int4, b text, c float8);
ANALYZE
"""
MARIADB = f"""
CREATE TABLE narrow (a int, b bigint, c double) AS SELECT seq a, seq * 1000003 b, rand(seq) * 1000 c
  FROM seq_1_to_{NARROW};
CREATE TABLE mixed (id int, big bigint, name varchar(40), price decimal(12, 2), moment datetime(6), flag bool,
  note text, day date) AS SELECT seq id, seq * 7919000 big, concat('customer name ', lpad(seq % 997, 6, '0')) name,
  rand(seq) * 100000 price, timestampadd(microsecond, seq * 61123456, '2020-01-01') moment, seq % 3 = 0 flag,
  if(seq % 4 = 0, NULL, concat('note ', seq)) note, date_add('2000-01-01', interval seq % 9000 day) day
  FROM seq_1_to_{MIXED};
CREATE TABLE points (id int PRIMARY KEY, name varchar(40), val double);
INSERT INTO points SELECT seq, concat('name ', seq), seq * 1.5 FROM seq_1_to_{POINTS};
CREATE TABLE ins (a int, b varchar(60), c double);
ANALYZE TABLE narrow, mixed, points
"""
SERIES = "WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < {})"
SQLITE = f"""
CREATE TABLE narrow (a INTEGER, b INTEGER, c REAL);
INSERT INTO narrow {SERIES.format(NARROW)} SELECT i, i * 1000003, i * 1.5 FROM s;
CREATE TABLE mixed (id INTEGER, big INTEGER, name TEXT, price NUMERIC, moment TEXT, flag INTEGER, note TEXT, day TEXT);
INSERT INTO mixed {SERIES.format(MIXED)} SELECT i, i * 7919000, 'customer name ' || (i % 997), i * 1.25,
  datetime('2020-01-01', '+' || i || ' seconds'), i % 3 = 0, iif(i % 4 = 0, NULL, 'note ' || i),
  date('2000-01-01', '+' || (i % 9000) || ' days') FROM s;
CREATE TABLE points (id INTEGER PRIMARY KEY, name TEXT, val REAL);
INSERT INTO points {SERIES.format(POINTS)} SELECT i, 'name ' || i, i * 1.5 FROM s;
CREATE TABLE ins (a INTEGER, b TEXT, c REAL)
"""
TABLES = {"postgres": POSTGRES, "mariadb": MARIADB, "sqlite": SQLITE}


def load(engine: str, url: str) -> None:
    """Make the tables."""
    with sqlx.dbapi.connect(url) as connection:
        connection.cursor().execute(TABLES[engine])
