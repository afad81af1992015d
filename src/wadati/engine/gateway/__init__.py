"""A site's gateway: its instruments are read once, what they say is kept on disk, and sent to one cloud or two."""
