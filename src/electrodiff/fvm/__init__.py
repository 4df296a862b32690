"""The discrete equations: compiled kernels, and the problem that turns a case and a mesh into flat arrays."""
