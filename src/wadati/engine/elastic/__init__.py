"""Work in pieces, on workers that come when answers take too long and go when nothing is left to do."""
