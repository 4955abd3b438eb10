"""Where a connection is chosen."""
