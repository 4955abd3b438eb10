"""The IDE in a terminal: a tree of what is in the database, an editor, and results as they arrive.

`sqlx_tui.app.StudioApp` is the whole of it. One folder is one region of the screen; `session` talks to the database.
"""
