"""The live runner: a Flow over a stream, for ever or until the stream ends."""
