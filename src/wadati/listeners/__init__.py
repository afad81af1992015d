"""What adds to an event once it is known, or holds it beside what others saw."""
