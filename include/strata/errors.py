"""What a retry cannot mend.

Every StrataError means that the same input will fail in the same way again: the DAG fails such a task at once
instead of trying it anew. Anything else (a lost connection, a killed process) is left as it is and retried.
"""

from __future__ import annotations


class StrataError(Exception):
    """The parent of them all. Its message is written for the person who reads the task's log."""


class BadRequest(StrataError):
    """A parameter makes no sense: a month that is no month, a category that is no category."""


class BadSnapshot(StrataError):
    """The snapshot cannot be read, is missing, or has more refused lines than allowed."""


class ModelUnavailable(StrataError):
    """The model cannot be loaded here, or is not the one the run was planned with. Says how to get it."""


class IncompleteCorpus(StrataError):
    """Shards, rows or digests do not add up. Names what is missing."""


class DamagedFile(StrataError):
    """A stored table cannot be read as what was written: a bit has flipped, or its end is missing. Names the file."""


class BadVectors(StrataError):
    """A vectors file or a model's output is damaged: NaN, not unit length, wrong width."""


class Degraded(StrataError):
    """The topics agree far less with arXiv's categories than those of the last record. Says how to accept it."""


class Unavailable(Exception):
    """A store or a source does not answer, or not in full, after all tries with growing pauses.

    The one error here that a later try may mend: no StrataError, so that the DAG tries the task again, and no OSError,
    so that nobody takes it for a damaged file.
    """


class Busy(Exception):
    """Another run is making the same thing just now: come back for it later. Nothing has failed."""
