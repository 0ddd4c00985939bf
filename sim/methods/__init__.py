"""Numerical methods for runs that luck moves: arrays and tables in, tables out; they know no city and no file."""

UNVALIDATED = "on the design's own points, not validated"  # how every Q2 was found, said wherever one is shown or written
