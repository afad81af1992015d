"""Which picks belong together."""
