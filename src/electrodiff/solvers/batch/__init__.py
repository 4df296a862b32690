"""Many cases that differ in numbers only, solved together: see `solve_batch` in `solve`."""
