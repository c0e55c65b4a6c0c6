"""What Airflow is told: one application, a page in the navigation, a tab on each DAG run."""

from __future__ import annotations

from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin

PREFIX = "/fossil-record"


class FossilRecordPlugin(AirflowPlugin):
    """The page."""

    name = "fossil_record_page"
    # Paths without a leading slash follow the UI's own base, so that a server below a sub-path finds them too.
    external_views: ClassVar[list[Any]] = [
        {
            "name": "Fossil record",
            "href": f"{PREFIX.strip('/')}/",
            "destination": "nav",
            "category": "browse",
            "url_route": "fossil-record",
        },
        {
            "name": "Fossil record",
            "href": f"{PREFIX.strip('/')}/run?dag_id={{DAG_ID}}&run_id={{RUN_ID}}",
            "destination": "dag_run",
            "url_route": "fossil-record-run",
        },
    ]

    @property
    def fastapi_apps(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """The application, made where it is asked for: schedulers and tasks load plugins too, and never serve it."""
        from strata_page.pages import app

        return [{"app": app, "url_prefix": PREFIX, "name": "Fossil record"}]
