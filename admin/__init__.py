"""The regulators' back office at /admin: the console that runs a draw, and the reference tables."""
