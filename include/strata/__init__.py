"""arXiv Strata: the fossil record of science, from arXiv's abstracts. A library of plain functions; no Airflow in it.

The stages in their order, and what each leaves on storage (``layout`` has every path):

    find_snapshot   nothing; decides what the run will do         plan, sources, encoders
    shard           snapshots/<snapshot>/papers, manifest.json    shards, parsing, lines, papers, categories, flags
    embed           vectors/<model>/<shard>-<digest>.parquet      embed, encoders
    cluster         work/<digest>/topics.parquet, centroids       corpus, reduce, clustering
    spread, search  work/<digest>/probe-<piece>.npz             reduce, neighbors
    neighbors       work/<digest>/neighbors.parquet, duplicates   reduce, neighbors
    map             work/<digest>/map-1.parquet                   reduce, map
    report          records/<month>/                              report, topics, trends, lonely
    export          exports/<month>/, if asked for                export, published

``stages`` holds the functions; ``__main__`` runs them from a shell, ``run_options`` has what they may be told;
``synthetic`` generates a snapshot to try them on. ``storage`` is the root, ``scratch`` this machine's folder for what
is large and short-lived, ``progress`` the line a follower reads, ``allowance`` what a process may use of its machine,
``errors`` what a retry cannot mend.
"""
