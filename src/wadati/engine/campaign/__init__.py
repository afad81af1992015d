"""Campaigns: a Flow over an archive of any size, in shards that any machine can work on and no kill can spoil."""
