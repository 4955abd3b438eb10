"""The pack language as models, and the check of a whole pack; loaded for a user's pack only."""
