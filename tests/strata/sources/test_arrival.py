"""Waiting for a month's snapshot. If these fail, the run of the 1st makes a record that lacks the month's last days, or
waits ten days for what is there."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest
from server import Server
from test_remote import hub

from strata.errors import BadSnapshot
from strata.sources.arrival import still_missing

END = dt.date(2026, 9, 30)


def test_a_file_is_there_once_it_was_renewed_after_the_month(tmp_path: Path) -> None:
    file = tmp_path / "arxiv.jsonl"
    assert "no" in str(still_missing(str(file), END)) and "yet" in str(still_missing(str(file), END))
    file.touch()
    for day, missing in (("2026-09-30T23:59", True), ("2026-10-01T00:00", False)):
        moment = dt.datetime.fromisoformat(day).replace(tzinfo=dt.timezone.utc).timestamp()
        os.utime(file, (moment, moment))
        assert (still_missing(str(file), END) is not None) == missing
    assert "last renewed on 2026-10-01" in str(still_missing(str(file), dt.date(2026, 10, 31)))


def test_the_hubs_and_kaggles_days_are_asked_for(server: Server) -> None:
    hub(server)
    assert still_missing("huggingface", END) is None
    assert "2026-10-01" in str(still_missing("huggingface", dt.date(2026, 10, 31)))
    view = "/api/v1/datasets/view/Cornell-University/arxiv"
    server.json(view, {"currentVersionNumber": 232, "lastUpdated": "2026-10-02T08:11:12.153Z"})
    assert still_missing("kaggle", END) is None
    assert "2026-10-02" in str(still_missing("kaggle", dt.date(2026, 10, 31)))
    server.json(view, {"currentVersionNumber": 232})
    with pytest.raises(BadSnapshot, match="does not say when"):
        still_missing("kaggle", END)


@pytest.mark.parametrize("fixed", ["kaggle:232", "huggingface@2024-06-30", "", "ftp://a/b"])
def test_what_will_not_change_is_not_waited_for(fixed: str) -> None:
    assert still_missing(fixed, END) is None
