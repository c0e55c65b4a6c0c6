"""If these fail, a text that was only reflowed is embedded again, or words of two lines run together."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from strata.whitespace import collapse, collapse_column

SPACES = " \n\t\r\x0b\x1c\x1f\x85\xa0\u2003\u2028\u3000"
TEXTS = st.text(alphabet=st.sampled_from("ab \n") | st.sampled_from(SPACES) | st.characters(exclude_categories=["Cs"]))


@settings(max_examples=500)
@given(st.lists(TEXTS | st.none(), max_size=8), st.integers(0, 3))
def test_a_column_is_collapsed_as_split_and_join_would(texts: list[str | None], first: int) -> None:
    column = pa.array(texts, pa.string())[first:]
    expected = [None if text is None else " ".join(text.split()) for text in texts[first:]]
    assert collapse_column(column).to_pylist() == expected


def test_text_without_any_sign_stays() -> None:
    assert collapse_column(pa.array(["", None, ""], pa.string())).to_pylist() == ["", None, ""]
    assert collapse(" a\u2003 b\n") == "a b"
