"""Arrays in, arrays out, with explicit state."""
