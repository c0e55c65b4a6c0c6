"""The shell commands. If these fail, nobody can look into a run without starting Airflow."""

from __future__ import annotations

from pathlib import Path

import pytest

from strata.__main__ import main


def test_a_record_is_made_from_a_shell(tmp_path: Path, tiny_model: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", str(tmp_path), "--papers", "1500"]) == 0
    snapshot = capsys.readouterr().out.strip()
    root = str(tmp_path / "root")
    arguments = ["run", snapshot, "--root", root, "--month", "2020-06", "--sample", "300", "--model", tiny_model]
    assert main([*arguments, "--max-refused", "0.02"]) == 0
    assert capsys.readouterr().out.strip() == str(Path(root).resolve() / "records" / "2020-06")


def test_an_error_is_one_line_that_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(tmp_path / "none.json"), "--root", str(tmp_path / "root")]) == 1
    assert capsys.readouterr().err.strip().splitlines()[-1] == f"BadSnapshot: {tmp_path / 'none.json'}: no such file"
