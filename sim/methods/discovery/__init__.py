"""Scenario discovery: where in the space of what varies do the cases of interest lie? Plain arrays in, boxes out."""
