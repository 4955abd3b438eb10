"""The execution lifecycle, and what it owns: sessions, their options, and the way a statement takes."""
