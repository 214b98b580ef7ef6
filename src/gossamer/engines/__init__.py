"""Engines: ways of running many visits, on one driver. An engine says how a fetch starts and how events come back."""
