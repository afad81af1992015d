"""Association: hard pick tables with known truth, real tables, and a rival beside the house's associator.

`python -m benchmarks.association` prints the tables; `picksets` says how the simulated picks are made.
"""
