"""From a study to its runs: plans, keys, stores, budgets."""
