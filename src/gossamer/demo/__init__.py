"""The demo site: a small museum on this machine, with one of everything a crawler meets."""
