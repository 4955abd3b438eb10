"""Where SQL is written."""
