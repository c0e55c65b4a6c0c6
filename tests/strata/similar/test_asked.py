"""What people write for a paper. If these fail, an id pasted from a browser or a spreadsheet finds nothing."""

from __future__ import annotations

import pyarrow as pa
import pytest

from strata.similar.asked import explain, nearest_id, read_id

IDS = pa.array(
    ["hep-th/9711200", "math/0309136", "0704.0001", "1412.9999", "1706.03762", "1706.03760", "astro-ph/9711200"]
)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1706.03762", "1706.03762"),
        (" 1706.03762v5 ", "1706.03762"),
        ("arXiv:1706.03762v1", "1706.03762"),
        ("https://arxiv.org/abs/1706.03762v2", "1706.03762"),
        ("http://arxiv.org/pdf/1706.03762v5.pdf", "1706.03762"),
        ("arxiv.org/pdf/1706.03762", "1706.03762"),
        ("https://www.arxiv.org/abs/1706.03762?context=cs#top", "1706.03762"),
        ("https://export.arxiv.org/abs/hep-th/9711200v3", "hep-th/9711200"),
        ("https://ar5iv.org/html/1706.03762/", "1706.03762"),
        ("https://doi.org/10.48550/arXiv.1706.03762", "1706.03762"),
        ("10.48550/arxiv.hep-th/9711200", "hep-th/9711200"),
        ("hep-th/9711200", "hep-th/9711200"),
        ("HEP-TH/9711200v1", "hep-th/9711200"),
        ("math.GT/0309136", "math/0309136"),
        ("arXiv:math.GT/0309136v1", "math/0309136"),
        ("nonsense", "nonsense"),
        ("", ""),
    ],
)
def test_an_id_is_read_however_it_is_written(written: str, meant: str) -> None:
    assert read_id(written) == meant


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("704.0001", "0704.0001"),  # a spreadsheet ate the zero
        ("1706.0376", "1706.03760"),  # and here at the end
        ("0704.00001", "0704.0001"),
        ("1412.09999", "1412.9999"),
        ("170603762", "1706.03762"),
        ("hep-th9711200", "hep-th/9711200"),
        ("hepth/9711200", "hep-th/9711200"),
        ("hep-ht/9711200", "hep-th/9711200"),
        ("astroph/9711200", "astro-ph/9711200"),
        ("1706.03672", "1706.03762"),  # two digits swapped
        ("2301.00001", None),
        ("nonsense", None),
        ("", None),
        ("((((", None),
    ],
)
def test_an_id_that_no_paper_has_is_answered_with_the_one_meant(asked: str, meant: str | None) -> None:
    assert nearest_id(asked, IDS) == meant


def test_the_error_says_what_is_wrong_and_what_is_near() -> None:
    assert explain("704.0001", IDS, "2019-12").endswith("Did you mean 0704.0001?")
    assert "is no arXiv id" in explain("nonsense", IDS, "2019-12")
    assert "is of 2023-01; the record shows arXiv as it was at the end of 2019-12" in explain(
        "2301.00001", IDS, "2019-12"
    )
    assert "not among the papers of 2019-12" in explain("1806.00001", IDS, "2019-12")
    assert "not among the papers" in explain("hep-th/9811200", IDS, "2019-12")
