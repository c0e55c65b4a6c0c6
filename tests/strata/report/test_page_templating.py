"""If these fail, a title's markup becomes the page's own, or a misspelt name silently leaves a hole in it."""

from __future__ import annotations

from pathlib import Path

import jinja2
import pytest

from strata.report.page.templating import environment_of


def test_what_is_given_is_escaped_and_what_is_not_given_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x.html.j2").write_text("<p>{{ title }}</p>")
    template = environment_of(tmp_path).get_template("x.html.j2")
    assert template.render(title="<script>") == "<p>&lt;script&gt;</p>"
    with pytest.raises(jinja2.UndefinedError):
        template.render(titel="<script>")


def test_a_template_is_compiled_once_and_a_changed_one_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "x.html.j2"
    file.write_text("{{ number }} papers")
    compiled = []
    real = jinja2.Environment.compile
    monkeypatch.setattr(jinja2.Environment, "compile", lambda *given: compiled.append(given) or real(*given))
    for number in (1, 2):
        environment = environment_of(tmp_path)
        environment.globals["number"] = number
        assert environment.get_template("x.html.j2").render() == f"{number} papers"
    assert len(compiled) == 1
    file.write_text("{{ number }} topics")
    environment = environment_of(tmp_path)
    environment.globals["number"] = 3
    assert environment.get_template("x.html.j2").render() == "3 topics"
