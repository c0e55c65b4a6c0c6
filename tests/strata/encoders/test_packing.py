"""Plans that lose or double a text would put the wrong vector beside a paper."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from strata.encoders.packing import plan


@given(st.lists(st.integers(1, 300)), st.integers(1, 600))
def test_every_text_is_in_exactly_one_pack_and_no_pack_is_over_its_budget(lengths: list[int], budget: int) -> None:
    packs = plan(lengths, budget)
    assert sorted(text for pack in packs for text in pack.texts) == list(range(len(lengths)))
    for pack in packs:
        assert [lengths[text] for text in pack.texts] == list(pack.lengths)
        assert pack.tokens <= budget or len(pack.texts) == 1


@given(st.lists(st.integers(1, 300)), st.integers(1, 600))
def test_packs_keep_the_order_and_are_filled(lengths: list[int], budget: int) -> None:
    """A pack that is not full wastes the machine; another order would make a forecast from the rate so far unfair."""
    packs = plan(lengths, budget)
    assert [text for pack in packs for text in pack.texts] == list(range(len(lengths)))
    for pack, following in itertools.pairwise(packs):
        assert pack.tokens + following.lengths[0] > budget
