"""The discrete equations: compiled kernels, and the problem that turns a case and a mesh into flat arrays."""

from electrodiff.fvm import kernel_cache
from electrodiff.fvm.kernels import compiler

# Before any kernel is decorated.  Here, as every edit among the kernels has all of them compiled anew.
compiler.kernel = kernel_cache.careful(compiler.kernel)
compiler.note_compiled = kernel_cache.lenient(compiler.note_compiled)  # type: ignore[assignment]
