"""What people and programs read over HTTP: standard services, feeds, picks. No numerics here."""
