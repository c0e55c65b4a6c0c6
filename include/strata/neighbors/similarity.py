"""What the similarity of two papers is, and how far a fast product may be from it.

The similarity of rows a and b is the float32 nearest to their dot product summed in float64. A product in
float32 differs in its last bits with the size and place of the block it was computed in; this one does not,
so identical papers tie exactly and a list is the same whatever the blocks, the threads or the machine. Fast
float32 products only choose which pairs are worth that exact value, with `error_bound` as the margin.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]

UNIT_ROUNDOFF = 2.0**-24
PAIRS_AT_ONCE = 1024


def exact(vectors: Vectors, rows_a: npt.NDArray[np.integer], rows_b: npt.NDArray[np.integer]) -> Floats:
    """Similarity of each pair (rows_a[i], rows_b[i]): float32 (m,), symmetric in its two rows.

    `vectors` is float32 (n, d) with unit rows; it may be a memory map. Works in steps of bounded size.
    """
    plain = np.asarray(vectors)  # indexing a memory map directly costs more
    found = np.empty(len(rows_a), np.float32)
    for start in range(0, len(rows_a), PAIRS_AT_ONCE):
        part = slice(start, start + PAIRS_AT_ONCE)
        found[part] = np.einsum("ij,ij->i", plain[rows_a[part]], plain[rows_b[part]], dtype=np.float64)
    return found


def error_bound(width: int) -> float:
    """Largest possible distance of a float32 product of two unit rows from their exact similarity.

    gamma_d = d u / (1 - d u) times the product of the norms, for any order of summation, fused or not
    (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1). Norms may be 0.1% off; the final
    rounding to float32 adds u. About 2.3e-5 for d = 384; what is seen in practice is a hundredth of it.
    """
    gamma = width * UNIT_ROUNDOFF / (1.0 - width * UNIT_ROUNDOFF)
    return 1.01 * (gamma + UNIT_ROUNDOFF)
