"""Virtual field trials: a reform given by lot to part of a city, surveys with real noise, and what an evaluator would conclude."""
