"""What is kept: the catalog in SQL, picks and amplitudes as Parquet."""
