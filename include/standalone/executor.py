"""Airflow's LocalExecutor, with what every task needs loaded once and not once a task."""

from __future__ import annotations

from airflow.executors.local_executor import LocalExecutor


class PreloadedExecutor(LocalExecutor):
    """LocalExecutor whose workers, and so all tasks, are forked from a process that has imported what tasks import."""

    def start(self) -> None:
        """Import, then fork the workers."""
        if self.is_mp_using_fork:
            import operations.preload  # noqa: F401
        super().start()
