"""Argument parsing and words for people."""
