"""How good a catalog is beside another."""
