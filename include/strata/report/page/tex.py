"""TeX in titles as plain Unicode: what is common becomes readable, what is not stays as its author wrote it.

No TeX is ever run. The result is still hostile text: it must be escaped like any other.
"""
# ruff: noqa: RUF001, RUF002 - a minus sign is no hyphen

from __future__ import annotations

import re
import unicodedata

from strata.report.page import signs

LONGEST = 300
"""Characters of a title that are shown; the longest of 124,000 real ones has 243."""

_DEEPEST = 12  # braces within braces

# As pandoc reads dollars: none before a space, none after one, no digit after the second; so prices stay prices. With a
# backslash between them two dollars are a formula whatever the spaces.
_MATH = re.compile(r"\$\$?((?=\S)[^$]*?[^$\s]|[^$]*\\[^$]*)\$\$?(?!\d)|\\\((.+?)\\\)", re.DOTALL)
_COMMAND = re.compile(r"\\([A-Za-z]+)\*?|\\(.)", re.DOTALL)
_PLAIN = re.compile(r"[^\\{}^_~$'-]+")
_DASHES = re.compile(r"(?<!-)--(-?)(?![->])")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\ue000-\uf8ff\ufeff\ufffe\uffff]")
_HELD = 0xE000  # private signs stand for formulas while the text around them is read; _UNSEEN took those of titles


class _Unreadable(Exception):
    """Raised inside: this bit of TeX is not one of the common ones."""


def readable(title: str, longest: int = LONGEST) -> str:
    r"""Return a title for people: ``$\alpha$-decay of $^{212}$Po`` becomes ``α-decay of ²¹²Po``.

    Greek letters, common signs, accents, fonts, roots, fractions and raised or lowered digits become Unicode; a
    formula with anything else stays as it is, dollars and all. Control characters go, and what is longer than
    `longest` characters is cut. Never raises.
    """
    text = _UNSEEN.sub(" ", title[: 2 * longest])
    formulas: list[str] = []

    def hold(found: re.Match[str]) -> str:
        formulas.append(_formula(found[1] or found[2], found[0]))
        return chr(_HELD + len(formulas) - 1)

    text = _typeset(_Reader(_MATH.sub(hold, text), math=False).read_all())
    text = text.translate({_HELD + number: formula for number, formula in enumerate(formulas)})
    whole = unicodedata.normalize("NFC", " ".join(text.split()))
    return whole if len(whole) <= longest else whole[: longest - 1].rstrip() + "…"


def _typeset(text: str) -> str:
    """Dashes, and quotes where both kinds of a pair are there: psi'' is no quotation."""
    text = _DASHES.sub(lambda found: "—" if found[1] else "–", text)
    return text.replace("``", "“").replace("''", "”") if "``" in text else text


def _formula(inside: str, source: str) -> str:
    try:
        return _Reader(inside, math=True).read_all()
    except _Unreadable:
        return source


class _Reader:
    """Reads one text from left to right; in a formula the first unknown thing ends the attempt."""

    def __init__(self, text: str, math: bool, depth: int = 0) -> None:
        self.text, self.math, self.depth, self.at = text, math, depth, 0
        if depth > _DEEPEST:
            raise _Unreadable

    def read_all(self) -> str:
        parts: list[str] = []
        while self.at < len(self.text):
            parts.append(self._next())
        return "".join(parts)

    def _next(self) -> str:
        plain = _PLAIN.match(self.text, self.at)
        if plain:
            self.at = plain.end()
            return plain[0]
        start, sign = self.at, self.text[self.at]
        try:
            return self._special(sign)
        except _Unreadable:
            if self.math:
                raise
            self.at = max(start + 1, self._end_of_command(start))
            return self.text[start : self.at]

    def _special(self, sign: str) -> str:
        if sign == "\\":
            return self._command()
        if sign == "{":
            return self._convert(self._group())
        if sign in "^_":
            return self._script(sign)
        self.at += 1
        if self.math:
            if sign in "}$":
                raise _Unreadable
            return {"~": " ", "-": "−", "'": "′"}.get(sign, sign)
        return " " if sign == "~" and self._ties_words() else sign

    def _ties_words(self) -> bool:
        """A tilde between two words, unlike the one of "about", as in ~6 M."""
        around = self.text[max(self.at - 2, 0) : self.at - 1] + self.text[self.at : self.at + 1]
        return len(around) == 2 and " " not in around

    def _script(self, sign: str) -> str:
        following = self.text[self.at + 1 : self.at + 2]
        # Outside a formula only what can hardly be anything else: S^2, H_{2}, but not file_name.
        if not self.math and following != "{" and not (sign == "^" and following.isdigit()):
            raise _Unreadable
        self.at += 1
        value = self._argument()
        shifted = value.translate(signs.RAISED if sign == "^" else signs.LOWERED)
        if all(new != old or old in "*′" for new, old in zip(shifted, value, strict=True)):
            return shifted
        return sign + (value if len(value) == 1 or (sign == "_" and value.isalnum()) else f"({value})")

    def _command(self) -> str:
        found = _COMMAND.match(self.text, self.at)
        if not found:
            raise _Unreadable
        self.at = found.end()
        name = found[1] or found[2]
        if found[2] is not None and name in "{}&%$#_|":
            return "‖" if name == "|" else name
        if name in signs.SPACES:
            return signs.SPACES[name]
        if name in signs.SWITCHES:
            self._skip_spaces()
            return ""
        if name in signs.FONTS:
            return self._argument()
        return self._symbol(name)

    def _symbol(self, name: str) -> str:
        if name in signs.SYMBOLS or name in signs.NAMED:
            return signs.SYMBOLS.get(name, name)
        if name in ("mathbb", "Bbb", "mathbbm"):
            return "".join(signs.BLACKBOARD.get(letter, letter) for letter in self._argument())
        if name in signs.MATH_MARKS:
            return _marked(self._argument(), signs.MATH_MARKS[name])
        if self.math:
            return self._formula_only(name)
        if name in signs.IN_TEXT:
            self._skip_spaces()
            return signs.IN_TEXT[name]
        if name in signs.MARKS or name in signs.LETTER_MARKS:
            self._skip_spaces()
            return _marked(self._argument(), signs.MARKS.get(name) or signs.LETTER_MARKS[name])
        raise _Unreadable

    def _formula_only(self, name: str) -> str:
        if name[0] in signs.BLACKBOARD and name in (name[0], name[0] * 2):  # \R and \RR, as authors define them
            return signs.BLACKBOARD[name[0]]
        if name == "sqrt":
            return "√" + _bracketed(self._argument())
        if name in ("frac", "tfrac", "dfrac"):
            return f"{_bracketed(self._argument())}/{_bracketed(self._argument())}"
        raise _Unreadable

    def _argument(self) -> str:
        """The next group, command or character, converted."""
        self._skip_spaces()
        following = self.text[self.at : self.at + 1]
        if not following or following in "}$^_":
            raise _Unreadable
        if following == "{":
            return self._convert(self._group())
        if following == "\\":
            return self._command()
        self.at += 1
        return "−" if self.math and following == "-" else following

    def _group(self) -> str:
        """What is between this brace and its fellow; leaves the place behind it."""
        level = 0
        for place in range(self.at, len(self.text)):
            if self.text[place] in "{}" and (place == 0 or self.text[place - 1] != "\\"):
                level += 1 if self.text[place] == "{" else -1
            if level == 0:
                inside = self.text[self.at + 1 : place]
                self.at = place + 1
                return inside
        raise _Unreadable

    def _convert(self, inside: str) -> str:
        return _Reader(inside, self.math, self.depth + 1).read_all()

    def _skip_spaces(self) -> None:
        while self.text[self.at : self.at + 1] == " ":
            self.at += 1

    def _end_of_command(self, start: int) -> int:
        found = _COMMAND.match(self.text, start)
        return found.end() if found else start + 1


def _marked(value: str, mark: str) -> str:
    """A mark over (or under) every letter; a dotless i under it becomes a plain one, as Unicode has it."""
    return unicodedata.normalize("NFC", "".join(letter + mark for letter in value.replace("ı", "i").replace("ȷ", "j")))


def _bracketed(value: str) -> str:
    return value if len(value) <= 1 or value.isalnum() else f"({value})"
