"""What the DAG needs of Airflow beside the pipeline itself: the library under ``strata`` never imports Airflow."""
