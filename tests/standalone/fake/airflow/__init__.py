"""A stand-in for Airflow: the same command line and REST answers, within a second. Put before it on PYTHONPATH."""
