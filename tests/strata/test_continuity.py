"""Topics from record to record. If these fail, a reader cannot follow a topic from one month to the next."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from strata import continuity
from strata.clustering import Levels
from strata.grouping import Start


def labels(*sizes: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """(then, now, papers) triples as two labellings."""
    then = np.concatenate([np.full(papers, a) for a, _, papers in sizes])
    now = np.concatenate([np.full(papers, b) for _, b, papers in sizes])
    return then, now


def test_a_topic_that_keeps_most_of_its_papers_keeps_its_key_whatever_its_number() -> None:
    found = continuity.match(*labels((0, 1, 90), (0, 0, 10), (1, 0, 80)), 2, 2)
    assert found.fate == ["survived", "survived"] and found.successor.tolist() == [1, 0]
    keys, number = continuity.pass_on(found, ["T-000007", "T-000009"], 2, 12)
    assert keys == ["T-000009", "T-000007"] and number == 12
    assert abs(found.reassigned - 10 / 180) < 1e-9


def test_a_split_topic_leaves_its_key_to_the_larger_part() -> None:
    found = continuity.match(*labels((0, 0, 60), (0, 1, 40)), 1, 2)
    assert found.fate == ["split"] and found.successor.tolist() == [0]
    assert found.parent.tolist() == [-1, 0]
    assert continuity.pass_on(found, ["T-000001"], 2, 5) == (["T-000001", "T-000006"], 6)


def test_a_merged_topic_gives_its_key_up_and_names_its_heir() -> None:
    found = continuity.match(*labels((0, 0, 60), (1, 0, 40)), 2, 1)
    assert found.fate == ["survived", "merged"]
    assert found.successor.tolist() == [0, -1] and found.heir.tolist() == [0, 0]


def test_a_scattered_topic_vanishes_and_one_without_a_past_is_new() -> None:
    then, now = labels(*((0, other, 20) for other in range(5)), *((1 + other, other, 100) for other in range(5)))
    found = continuity.match(then, now, 6, 6)
    assert found.fate[0] == "vanished" and found.successor[0] == -1
    assert found.parent[5] == -1 and continuity.pass_on(found, [str(n) for n in range(6)], 6, 6)[0][5] == "T-000007"


def test_shared_papers_are_matched_by_id() -> None:
    earlier = pa.table({"id": ["a", "b", "c"], "topic": pa.array([5, 6, 7], pa.int32())})
    then, now = continuity.shared_topics(pa.chunked_array([["b", "x", "a"]]), np.array([1, 2, 3]), earlier)
    assert then.tolist() == [6, 5] and now.tolist() == [1, 3]


def test_numbers_of_topics_grow_in_steps_and_not_a_few_each_month() -> None:
    start = Start("2019-11", np.zeros((100, 2), np.float32), np.zeros((15, 2), np.float32))
    assert continuity.steady_levels(Levels(15, 104), start) == (15, 100)
    assert continuity.steady_levels(Levels(16, 106), start) == (16, 106)
    assert continuity.steady_levels(Levels(14, 96), start) == (15, 100)


def test_topics_go_on_by_faiss_alone_and_from_about_as_many() -> None:
    """Otherwise a record says that it went on from one of which its clustering never knew."""

    def last(method: str, clusters: int) -> continuity.Last:
        return continuity.Last("2019-11", {"clustering": {"method": method, "clusters": clusters}})

    levels = Levels(10, 100)
    assert continuity.goes_on(last("faiss", 90), levels, "faiss")
    assert not continuity.goes_on(last("faiss", 60), levels, "faiss")
    assert not continuity.goes_on(last("minibatch", 100), levels, "minibatch")
    assert not continuity.goes_on(last("faiss", 100), levels, "minibatch")
