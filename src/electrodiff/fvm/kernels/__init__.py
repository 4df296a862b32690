"""All compiled code of the project.

Conventions, for every file here:

- Everything is dimensionless (`electrodiff.units.Scales`): R T = F = 1, potentials in R T / F.
- A state is an array (node, m) with m = n + 1: the activities a_0 ... a_{n-1} of the n ions, then phi.  In lanes it is
  (node, m, LANES); in `constant_flux`, which goes over the nodes with vectors, (m, node).
- Node k and node k + 1 are joined by face k.  A flux is positive from node k to node k + 1, from left to right; in pairs
  (`points`), from either end towards the middle.
- Kernels take flat arrays, fill those whose name starts with `out_`, or the memory that a record brings along, and return a
  status or nothing; they never allocate per node, raise or print.  They are specialised on the number of ions alone: the
  valences are a tuple, and its length is part of its type.
"""
