"""The lines that tell how things stand."""
