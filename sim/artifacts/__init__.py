"""What is kept to be read again: one class, with what made it; results of runs, posteriors."""
