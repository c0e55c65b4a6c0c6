"""What every encoder offers, whatever is inside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from strata.encoders.models import Model

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Encoded:
    """Texts as vectors: `vectors` float32 (n, d), rows of unit length in the order of the texts;
    `truncated` bool (n,), True where the model's token limit cut the text."""

    vectors: NDArray[np.float32]
    truncated: NDArray[np.bool_]

    @property
    def truncated_share(self) -> float:
        """The share of texts that the model did not read to their end; 0 for no texts."""
        return float(self.truncated.mean()) if len(self.truncated) else 0.0


class Encoder(Protocol):
    """Texts to unit vectors. `reason` says why this implementation was chosen for the model."""

    model: Model
    reason: str

    def encode(self, texts: Sequence[str], progress: Progress | None = None) -> Encoded:
        """Embed texts; `progress(done)` is called now and then with the number of texts done."""
        ...
