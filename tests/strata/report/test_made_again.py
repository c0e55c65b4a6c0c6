"""The command on a record's page, run. If this fails, a reader who follows it gets other tables than those shown."""

from __future__ import annotations

import html
import re
import shlex
from pathlib import Path

import pytest
from tests.strata.conftest import WordEncoder
from tests.strata.test_stages import snapshot, tables

from strata.__main__ import main


def test_the_pages_command_makes_the_same_tables_after_the_record_it_names(
    tmp_path: Path, tiny_model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a seed and a number of topics of one's own, and topics that went on from an earlier record's."""
    # Abstracts of its own: the scratch folder keeps one matrix a corpus, whichever encoder made it.
    source = snapshot(tmp_path / "arxiv.jsonl", changed=300)
    monkeypatch.setattr("strata.embed.load", lambda model: WordEncoder())
    asked = ["--model", tiny_model, "--shard-size", "50", "--seed", "5", "--clusters", "9", "--max-drop", "1"]
    for month in ("2011-06", "2012-01"):
        assert main(["run", str(source), "--root", str(tmp_path / "root"), "--month", month, *asked]) == 0
    for month in ("2011-06", "2012-01"):
        page = (tmp_path / "root" / "records" / month / "report.html").read_text("utf-8")
        _, _, _, _, *words = shlex.split(html.unescape(re.findall(r"<pre><code>(.+?)</code></pre>", page)[0]))
        put = {"arxiv.jsonl": str(source), ".strata/root": str(tmp_path / "again")}
        assert main([put.get(word, word) for word in words]) == 0
        assert tables(tmp_path / "again", month) == tables(tmp_path / "root", month)
    assert "after the record of June 2011, if that is the last of its kind" in page
