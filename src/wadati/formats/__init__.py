"""Bytes to model values and back."""
