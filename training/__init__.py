"""How the shipped picker was trained: `python -m training --shared ../shared --work DIR` makes it again."""
