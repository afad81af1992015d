"""Ways out of the house: each takes a message or a file and may fail; who calls them tries again."""
