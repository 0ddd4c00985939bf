"""What people write: scenarios, reforms, posteriors, and where their numbers come from."""
