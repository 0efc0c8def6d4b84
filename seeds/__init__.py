"""Reproducible sample data; never randomness for draws."""
