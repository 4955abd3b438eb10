"""What is measured. A work is given a driver and a URL and returns seconds; it runs in a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks.drivers import Driver

NARROW = "SELECT a, b, c FROM narrow"
MIXED = "SELECT id, big, name, price, moment, flag, note, day FROM mixed"
POINT = "SELECT id, name, val FROM points WHERE id = {}"


def fetch_narrow(driver: Driver, url: str) -> float:
    """fetchall of 200 000 rows of an int, a bigint and a double"""
    return _fetch(driver, url, NARROW)


def fetch_mixed(driver: Driver, url: str) -> float:
    """fetchall of 50 000 rows of ints, texts, a decimal, a timestamp, a bool, a date and NULLs"""
    return _fetch(driver, url, MIXED)


def point_select(driver: Driver, url: str) -> float:
    """one row by its key with a bound parameter, the median of 5 000"""
    connection = driver.connect(url)
    cursor = connection.cursor()
    sql = POINT.format(driver.mark)
    times = []
    for number in range(5200):
        start = perf_counter()
        cursor.execute(sql, (number * 7 % 20000 + 1,))
        cursor.fetchall()
        times.append(perf_counter() - start)
    connection.close()
    return median(times[200:])


def insert_many(driver: Driver, url: str) -> float:
    """executemany of 5 000 inserts and a commit"""
    connection = driver.connect(url)
    cursor = connection.cursor()
    cursor.execute("DELETE FROM ins")
    connection.commit()
    rows = [(number, f"text {number}", number * 1.5) for number in range(5000)]
    start = perf_counter()
    cursor.executemany(f"INSERT INTO ins (a, b, c) VALUES ({driver.mark}, {driver.mark}, {driver.mark})", rows)
    connection.commit()
    spent = perf_counter() - start
    connection.close()
    return spent


def stream_narrow(driver: Driver, url: str) -> float:
    """the narrow rows through a streaming cursor, 5 000 at a time"""
    connection = driver.connect(url)
    cursor = driver.stream(connection)
    start = perf_counter()
    cursor.execute(NARROW)
    while cursor.fetchmany(5000):
        pass
    spent = perf_counter() - start
    connection.close()
    return spent


def connect(driver: Driver, url: str) -> float:
    """connect, authenticate, SELECT 1, close; the median of 50"""
    times = []
    for _ in range(50):
        start = perf_counter()
        connection = driver.connect(url)
        cursor = connection.cursor()
        cursor.execute("SELECT 1")
        cursor.fetchall()
        connection.close()
        times.append(perf_counter() - start)
    return median(times)


def _fetch(driver: Driver, url: str, sql: str) -> float:
    connection = driver.connect(url)
    cursor: Any = connection.cursor()
    start = perf_counter()
    cursor.execute(sql)
    rows = cursor.fetchall()
    spent = perf_counter() - start
    assert len(rows) > 1000
    connection.close()
    return spent


WORKS: dict[str, Callable[[Driver, str], float]] = {
    work.__name__: work for work in (fetch_narrow, fetch_mixed, point_select, insert_many, stream_narrow, connect)
}
