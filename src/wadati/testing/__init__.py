"""Shipped conformance suites and Hypothesis strategies for plug-in authors."""
