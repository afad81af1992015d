"""Science and speed, measured: `python -m benchmarks [NAME...]` prints tables and compares with the stored baseline."""
