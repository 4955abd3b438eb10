"""A pack to what runs it: expressions, readers and writers of messages, the code of flows."""
