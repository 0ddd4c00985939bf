"""The one way to do many runs: a plan lists them, a runner hands them to an executor, a store keeps what they give."""
