"""The pack language as models, and the check of a whole pack; loaded for a user's pack only.

The models stand in files that are called as the sections of a pack are. A docstring under a field is its documentation:
docs/wire-packs.md and the JSON Schema are made of them.
"""
