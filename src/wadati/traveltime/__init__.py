"""How long waves take, and how far things are apart."""
