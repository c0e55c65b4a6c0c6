"""Topics and themes as they are kept between the stages. If these fail, a theme is shown by another theme's papers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from tests.strata.test_stages import run, snapshot

from strata import clustering, grouping
from strata.flags import HARD
from strata.storage import connect, read_table


def test_a_theme_is_shown_by_the_papers_nearest_to_itself(tmp_path: Path, tiny_model: str) -> None:
    """Nearest to their topics they may lie at the theme's edge, and tell a reader of something else."""
    root = tmp_path / "root"
    made = run(root, snapshot(tmp_path / "arxiv.jsonl"), tiny_model, clusters=20)
    storage, work = connect(str(root)), made["clustered"]["work"]
    shards = [read_table(storage, shard["vectors"])["vector"].combine_chunks() for shard in made["embedded"]]
    vectors = np.concatenate([shard.flatten().to_numpy().reshape(len(shard), -1) for shard in shards])
    kept, centroids = grouping.read(storage, work), grouping.read_themes(storage, work)
    assert len(centroids) > 1
    cosines = vectors.astype(np.float64) @ centroids.astype(np.float64).T
    own = cosines[np.arange(len(vectors)), kept.theme]
    np.testing.assert_allclose(kept.theme_similarity, own, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(kept.theme_similarity, clustering.cosines_to(vectors, centroids, kept.theme))
    papers = pq.read_table(root / "records" / "2012-01" / "papers.parquet", columns=["id", "flags"])
    ids, sound = papers["id"].to_pylist(), np.array([HARD.isdisjoint(flags) for flags in papers["flags"].to_pylist()])
    shown = pq.read_table(root / "records" / "2012-01" / "themes.parquet")["exemplars"].to_pylist()
    for theme, exemplars in enumerate(shown):
        members = np.flatnonzero((kept.theme == theme) & sound)
        assert exemplars == [ids[one] for one in members[np.argsort(-own[members], kind="stable")][:3]]
