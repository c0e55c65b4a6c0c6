"""If these fail, a terminal scrolls away or a log file of CI fills with thousands of lines."""

from __future__ import annotations

import io

from standalone.display import Display


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_on_a_terminal_one_line_is_rewritten_and_lines_that_stay_replace_it() -> None:
    out = io.StringIO()
    display = Display(out, live=True)
    display.status("10 %")
    display.status("10 %")
    display.status("20 %")
    display.say("shard: done")
    display.say("more")
    assert out.getvalue() == "\r\x1b[K10 %\r\x1b[K20 %\r\x1b[Kshard: done\nmore\n"


def test_a_line_never_wraps_on_a_terminal() -> None:
    out = io.StringIO()
    Display(out, live=True).status("x" * 1000)
    assert len(out.getvalue()) < 400


def test_in_a_pipe_a_line_comes_now_and_then_and_with_every_stage() -> None:
    out, clock = io.StringIO(), Clock()
    display = Display(out, live=False, every_s=20, now=clock)
    for second in range(60):
        clock.now = second
        display.status(f"embed {second}", "embed" if second < 50 else "cluster")
    assert out.getvalue().split("\n") == ["embed 0", "embed 20", "embed 40", "embed 50", ""]
    assert "\x1b" not in out.getvalue()


def test_a_stream_that_is_no_terminal_is_not_taken_for_one() -> None:
    out = io.StringIO()
    Display(out).status("10 %")
    assert out.getvalue() == "10 %\n"


def test_a_name_that_the_output_cannot_show_does_not_end_the_run() -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii")
    Display(out).say("é 論文 \udcff")
    assert raw.getvalue() == b"\\xe9 \\u8ad6\\u6587 \\udcff\n"
