"""The conversation with the database: no widget here, and no widget is touched from here."""
