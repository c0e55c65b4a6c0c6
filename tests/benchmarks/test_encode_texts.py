"""The encoder's benchmark must be fair to the reference, or its ratios flatter us."""

from __future__ import annotations

from tests.benchmarks.bench_encode_texts import generated, rounds_of


def test_the_reference_gets_the_batches_that_it_would_make_of_a_whole_shard() -> None:
    """Batches from a smaller sample hold texts of more different lengths and are padded more."""
    shard = [f"{text} {number}" for number, text in enumerate(generated(3000))]
    ordered = sorted(shard, key=len, reverse=True)
    whole = [frozenset(map(len, ordered[start : start + 128])) for start in range(0, len(ordered), 128)]
    rounds = rounds_of(shard, rounds=3, wanted=1200)
    assert sum(map(len, rounds)) == 9 * 128
    assert len({text for one in rounds for text in one}) == 9 * 128, "no text is embedded twice"
    for one in rounds:
        again = sorted(one, key=len, reverse=True)
        assert one != again, "who does not sort must not be given sorted texts"
        for start in range(0, len(again), 128):
            assert frozenset(map(len, again[start : start + 128])) in whole


def test_chosen_batches_have_the_lengths_of_the_shard() -> None:
    shard = generated(6000)
    chosen = [len(text) for one in rounds_of(shard, 3, 1500) for text in one]
    mean, expected = sum(chosen) / len(chosen), sum(map(len, shard)) / len(shard)
    assert abs(mean / expected - 1) < 0.03
