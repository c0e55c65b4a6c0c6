"""If this fails, a junk paper may go unflagged."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from strata.counting import ABOUT, count_about


@given(
    texts=st.lists(st.binary(max_size=60), min_size=1, max_size=30), before=st.binary(max_size=20), after=st.binary()
)
def test_counts_are_nearly_those_of_each_text(texts: list[bytes], before: bytes, after: bytes) -> None:
    data = np.frombuffer(before + b"".join(texts) + after, np.uint8)
    ends = len(before) + np.cumsum([0, *map(len, texts)])
    exact = [sum(sign < 100 for sign in text) for text in texts]
    assert np.abs(count_about(data < 100, ends) - exact).max() <= ABOUT
