"""The fossil record inside the Airflow UI.

``plugin`` tells Airflow of it, ``pages`` has the routes, ``reading`` reads a record in bounded memory, ``matching``
compares two months, ``sentences`` asks the service that may run a model. All of it runs in the API server's process,
which must never load torch, faiss or a corpus. Every route asks Airflow whether the user may see it.
"""
