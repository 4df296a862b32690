"""From a problem to a solution: first guess, Newton's method, and the studies built on it."""
