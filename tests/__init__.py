"""The tests: a folder for each of gossamer's, whole suites across them, and what they share in `support`."""
