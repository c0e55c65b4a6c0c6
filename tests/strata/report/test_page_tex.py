# ruff: noqa: RUF001 - letters that look like other letters are what this is about
from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strata.report.page.tex import LONGEST, readable


@pytest.mark.parametrize(
    ("title", "wanted"),
    [
        (r"$\alpha$-decay of $^{212}$Po", "α-decay of ²¹²Po"),
        (r"Confined Rayleigh-B\'enard convection", "Confined Rayleigh-Bénard convection"),
        (r"Schr\"odinger, Gr\"{o}bner, Erd\H{o}s, na{\"\i}ve", "Schrödinger, Gröbner, Erdős, naïve"),
        (r"On {\L}ojasiewicz, Weierstra\ss{} and {\AA}ngstr\"om", "On Łojasiewicz, Weierstraß and Ångström"),
        (r"$L^2$ bounds on $\mathbb{R}^n$", "L² bounds on ℝⁿ"),
        (r"Twisted $\mathrm{SL}_2(\Bbb Z)$", "Twisted SL₂(ℤ)"),
        (r"A $\sqrt{n}$ lower bound, $\frac{a+b}{2}$", "A √n lower bound, (a+b)/2"),
        (r"$\bar{\partial}$-Neumann and $\hat{x}$", "∂̄-Neumann and x̂"),
        (r"Isometries of S^2 and H_{2}O in file_name", "Isometries of S² and H₂O in file_name"),
        (r"$C^*$-algebras, $K^{(1)}_{\infty}$", "C*-algebras, K⁽¹⁾_∞"),
        (r"Magnetic field--induced ``quotes'' --- and psi''", "Magnetic field–induced “quotes” — and psi”"),
        (r"Reply to {\it ab initio} \emph{work} at 5\% of A\&B", "Reply to ab initio work at 5% of A&B"),
        (r"psi'' at ~6 M and Soft~Clustering, t-->H", "psi'' at ~6 M and Soft Clustering, t-->H"),
        ("Costs of $5 and $10 a day", "Costs of $5 and $10 a day"),
        (r"$ \mu^+\to e^+ $ decays", "μ⁺→ e⁺ decays"),
        (r"A {\boldmath $x$} group", "A x group"),
        ("Plain words, with 100% of <b>signs</b> & 'quotes'", "Plain words, with 100% of <b>signs</b> & 'quotes'"),
    ],
)
def test_common_tex_becomes_readable(title: str, wanted: str) -> None:
    """Nobody reads $^{212}$Po."""
    assert readable(title) == wanted


@pytest.mark.parametrize(
    "title", [r"On $\cw$ algebras", r"$\GF^2\Mt^4$ terms", r"Bounds 2^(n\5)", r"\foo{bar}", r"a { b", r"$x"]
)
def test_unknown_tex_stays_as_its_author_wrote_it(title: str) -> None:
    """Half-read TeX says something else than its author did."""
    assert readable(title).replace("bar", "{bar}").replace("{{bar}}", "{bar}") == title


@pytest.mark.parametrize(
    "nested", ["{" * 10_000, "\\" * 9_999, "$" * 9_999, "^{" * 5_000, "\\hat{" * 3_000, "$\\sqrt{" * 900]
)
def test_endless_titles_end(nested: str) -> None:
    """A title made to hang or overflow a reader's page must do neither."""
    assert len(readable(nested)) <= LONGEST


def test_long_titles_are_cut_with_a_sign() -> None:
    """Ten thousand letters would bury the page; a cut title must look cut."""
    shown = readable("word " * 3_000)
    assert len(shown) <= LONGEST
    assert shown.endswith("…")
    assert len(readable("word " * 3_000, 600)) > LONGEST


_PIECES = [*"ab1 \\{}$^_~'\"`-\n\x00\ue000é<>&", r"\alpha", r"\bar", r"\frac", r"\text", "{}", "\\(", "\\)"]


@given(st.lists(st.sampled_from(_PIECES), max_size=80).map("".join))
def test_no_title_fails(title: str) -> None:
    """One odd title must not cost a whole record."""
    shown = readable(title)
    assert len(shown) <= LONGEST
    assert not any(ord(sign) < 32 or 0xE000 <= ord(sign) <= 0xF8FF for sign in shown)


@given(st.text(alphabet="abc XYZ,.:;()[]éß中", max_size=100))
def test_titles_without_tex_are_left_alone(title: str) -> None:
    """Apart from white space: what the author wrote is what is shown."""
    assert readable(title) == unicodedata.normalize("NFC", " ".join(title.split()))
