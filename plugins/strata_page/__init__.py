"""The fossil record inside the Airflow UI. ``plugin`` tells Airflow of it, ``pages`` has the routes, ``reading`` reads.

Runs in the API server's process, so it reads a record's tables row group by row group, and loads neither torch nor
faiss nor a corpus. Every route asks Airflow whether the user may see plugins.
"""
