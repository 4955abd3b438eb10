"""Side-by-side measurements against other drivers. Never part of the tests."""
