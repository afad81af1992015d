"""A catalog as one page for people."""
