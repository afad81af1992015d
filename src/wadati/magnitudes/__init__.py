"""How large."""
