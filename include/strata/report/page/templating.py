"""How pages are filled: templates that escape all they are given and know how we write numbers, dates and titles."""

from __future__ import annotations

from pathlib import Path

import jinja2
from jinja2.bccache import Bucket

from strata.report.page import wording
from strata.report.page.tex import readable


class _Compiled(jinja2.BytecodeCache):
    """The templates that this process has compiled: to compile them takes longer than to fill them for few papers."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill in what is known of a template; its name and file are the key."""
        if bucket.key in self._code:
            bucket.bytecode_from_string(self._code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        self._code[bucket.key] = bucket.bytecode_to_string()


_COMPILED = _Compiled()


def environment_of(templates: Path) -> jinja2.Environment:
    """Return a folder's templates, with globals of their own; a name that is not given is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        bytecode_cache=_COMPILED,
    )
    environment.filters.update(wording.FILTERS, readable=readable)
    return environment
