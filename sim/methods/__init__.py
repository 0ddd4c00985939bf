"""Numerical methods for runs that luck moves: arrays and tables in, tables out; they know no city and no file."""
