"""Papers that are no research abstracts: flagged with the reason, never deleted.

*Hard* flags leave centroids, rankings and denominators; *soft* flags matter for the lonely list alone. The patterns
are anchored, because their words also occur in research: "withdrawn from physical theory", "replaced by".
"""

from __future__ import annotations

import itertools
import re

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from strata.counting import ABOUT, count_about

Mask = npt.NDArray[np.bool_]

WITHDRAWN = "withdrawn"
TOO_SHORT = "too short"
SHORT = "short"
NOT_ENGLISH = "non-English"
ERRATUM = "erratum"
COMMENT = "comment"
FRONT_MATTER = "front matter"
MARKUP = "markup"
TEST = "test archive"

HARD = frozenset({WITHDRAWN, TOO_SHORT, NOT_ENGLISH, ERRATUM, FRONT_MATTER, TEST})
# Markup is soft: among 124,000 real papers the few that it marks are honest papers on inequalities, written in TeX.
SOFT = frozenset({SHORT, COMMENT, MARKUP})

_WORK = r"(?:paper|article|submission|manuscript|preprint|work|note|letter|version|draft|document|eprint|e-print)"
_WITHDRAWN = re.compile(
    rf"^\W*(?:(?:this|the|our) (?:\w+ )?{_WORK}|it|{_WORK}) (?:has been|had been|was|is|have been)"
    r"(?: \w+){0,2} (?:withdrawn|retracted|removed)\b"
    rf"|^\W*(?:(?:this|the|our) )?{_WORK} (?:temporarily )?(?:withdrawn|retracted)\b"
    r"|^\W*(?:withdrawn|retracted|removed) (?:by|due|because|as|since|from arxiv|for|pending)\b"
    r"|^\W*(?:withdrawn|retracted)\W*$"
    rf"|\b{_WORK} (?:has been|was|is)(?: \w+)? (?:withdrawn|retracted) (?:by|due to|because)\b"
    r"|\b(?:withdrawn|removed) by arxiv\b"
    r"|\bthe authors? (?:has|have) withdrawn this\b"
    rf"|\b(?:i|we|authors?)(?: have| has)?(?: \w+)? (?:withdraw|withdrew|withdrawn|retract) (?:this|the|our) {_WORK}\b",
    re.IGNORECASE,
)
_ERRATUM = re.compile(
    r"\W*(?:erratum|errata|corrigend(?:um|a)|addendum|publisher'?s note|retraction(?: note)?\W)"
    # "Corrections to scaling" is physics; a correction to a paper quotes its title.
    r"|\W*corrections? (?:to|of):? (?:[\"'`\u201c\u2018]|(?:the|our|my) (?:paper|article)\b|arxiv\b)"
    r"|.*[(\[:,]\s*(?:erratum|corrigendum)\W*$",
    re.IGNORECASE,
)
_COMMENT = re.compile(
    r"\W*(?:(?:a )?(?:short |brief |further )?(?:comments?|remarks?|reply|replies|response|rejoinder|rebuttal)\W+"
    r"(?:on|to|about|for|upon)\b|rejoinder\b|discussion of\b|reply\b|response to\b)",
    re.IGNORECASE,
)
_FRONT = re.compile(
    r"\W*(?:(?:the )?proceedings (?:of|from)\b|proceedings\b|pre-?proceedings\b|table of contents\b|preface\b"
    r"|foreword\b|editorial\b|front matter\b|list of (?:accepted )?papers\b|(?:book of )?abstracts (?:of|from)\b)",
    re.IGNORECASE,
)

# Function words. English abstracts hold about 30 to 45 percent of them, other languages almost none.
_ENGLISH = frozenset(
    """
    the of and a in to is we that for with are by on this as an be which from it at or can has have our these
    not also their between its been such was show were using than both when where new but two one more some
    all
    """.split()
)
_OTHER = frozenset(
    """
    le la les des du et une dans est que qui pour par sur nous sont avec au aux ces cette der die das und den
    von mit ist im ein eine wird werden zu dem des el los las del una en por con para se es y o da do dos e um
    uma no na os ao il di che gli della dei delle si nel un
    """.split()
)


_ASCII_SIGNS = bytes(sign for sign in range(128) if not chr(sign).isalpha())

# What a text must hold before any pattern above can match it, for RE2, which reads a thousand texts in the time that
# Python's patterns take for fifty.
_WITHDRAWING = ("withdr", "retract", "removed")
_MAYBE_WITHDRAWN = f"(?i){'|'.join(_WITHDRAWING)}"
_MAYBE_TITLED = (
    r"(?i)errat|corrig|^\W*(?:addendum|publisher|retraction|correction"
    r"|(?:the |a )?(?:short |brief |further )?(?:comment|remark|repl|respon|rejoinder|rebuttal)|discussion of"
    r"|(?:the )?proceedings|pre-?proceedings|table of|preface|foreword|editorial|front|list of|(?:book of )?abstracts)"
)
_SHORT_WORDS, _READ_WORDS, _ENOUGH_WORDS = 30, 40, 4
_MARKUP_SHARE = 0.6  # of an abstract's signs that are letters, below which it is mostly markup
_HEAD = 151  # bytes, in which most English abstracts show four function words


def _table_of(words: frozenset[str]) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """Return words of up to seven bytes, each as a number and in a place of its own by that number's remainder.

    Returns:
        The words' bytes as little-endian numbers, zero where there is none; and at the same place a bit of its own.
    """
    keys = [int.from_bytes(word.encode(), "little") for word in sorted(words)]
    size = next(size for size in itertools.count(len(keys)) if len({key % size for key in keys}) == len(keys))
    table, bits = np.zeros(size, np.uint64), np.zeros(size, np.uint64)
    for place, key in enumerate(keys):
        table[key % size], bits[key % size] = key, 1 << place
    return table, bits


# A bit for each English function word, and none for any other word: different words are counted as bits.
_ENGLISH_KEYS, _ENGLISH_BITS = _table_of(_ENGLISH)
_LONGEST = max(map(len, _ENGLISH))
_FIRST_BYTES = np.array([(1 << 8 * length) - 1 for length in range(8)], np.uint64)


def flag_column(
    titles: pa.StringArray, abstracts: pa.StringArray, comments: pa.StringArray, archives: pa.StringArray
) -> pa.ListArray:
    """Return the flags of many papers, a list a paper: what ``flags_of`` says of each, but asked only where it may
    say something.

    Args:
        titles, abstracts, comments: whitespace collapsed; comments may be null.
        archives: of the primary categories.
    """
    if not len(titles):
        return pa.array([], pa.list_(pa.string()))
    suspects = [
        pc.match_substring_regex(abstracts, _MAYBE_WITHDRAWN),
        pc.fill_null(pc.match_substring_regex(comments, _MAYBE_WITHDRAWN), False),
        pc.match_substring_regex(titles, _MAYBE_TITLED),
        pc.equal(archives, "test"),
    ]
    suspected = _maybe_no_prose(abstracts)
    for maybe in suspects:
        suspected |= maybe.to_numpy(zero_copy_only=False)
    found: list[list[str]] = [[]] * len(titles)
    for row in np.flatnonzero(suspected).tolist():
        found[row] = flags_of(*(column[row].as_py() for column in (titles, abstracts, comments, archives)))
    return pa.array(found, pa.list_(pa.string()))


def _maybe_no_prose(abstracts: pa.StringArray) -> Mask:
    """Whether each abstract is short or mostly markup, or may be in another language."""
    ends = np.frombuffer(abstracts.buffers()[1], np.int32)[abstracts.offset :][: len(abstracts) + 1]
    text = np.frombuffer(abstracts.buffers()[2], np.uint8)
    spaces = count_about(text == ord(" "), ends)
    # An ASCII letter of either case, or a byte of a letter of another script.
    letters = count_about(((text | 0x20) - ord("a") < 26) | (text > 127), ends)
    signs = np.diff(ends) - spaces
    maybe: Mask = ~_show_english(text, ends)
    close = (spaces - ABOUT + 1 < _SHORT_WORDS) | (letters - ABOUT < _MARKUP_SHARE * (signs + ABOUT))
    data = text.data
    for row in np.flatnonzero(close | maybe).tolist():
        abstract = bytes(data[ends[row] : ends[row + 1]])
        maybe[row] = (
            abstract.count(b" ") + 1 < _SHORT_WORDS
            or _mostly_markup(abstract)
            or (maybe[row] and not _plainly_english(abstract.decode().split(" ", _READ_WORDS)))
        )
    return maybe


def _show_english(text: npt.NDArray[np.uint8], ends: npt.NDArray[np.int32]) -> Mask:
    """Whether the first bytes of each text hold enough different English function words; a short text never does.

    Args:
        text: the bytes of all texts, one behind the other.
        ends: (n + 1,) where the first text begins and where each ends.
    """
    english = np.zeros(len(ends) - 1, bool)
    long = np.flatnonzero(np.diff(ends) >= _HEAD)
    if not len(long):
        return english
    # A row a text: a space, its first bytes, and room in which no word that is cut off has the length of one of ours.
    heads = np.zeros((len(long), 1 + _HEAD + 8), np.uint8)
    heads[:, 0] = ord(" ")
    heads[:, 1 : 1 + _HEAD] = np.lib.stride_tricks.sliding_window_view(text, _HEAD)[ends[long]]
    signs = heads.ravel()
    spaces = np.flatnonzero(signs == ord(" "))
    lengths = np.diff(spaces, append=len(signs)) - 1
    first = np.flatnonzero(spaces % heads.shape[1] == 0)  # of each text's words
    order = np.arange(len(spaces)) - np.repeat(first, np.diff(first, append=len(spaces)))
    words = np.flatnonzero((lengths <= _LONGEST) & (order < _READ_WORDS))
    eight = np.ndarray(len(signs) - 7, np.dtype("<u8"), signs.data, strides=(1,))
    keys = eight[spaces[words] + 1] & _FIRST_BYTES[lengths[words]]
    places = keys % np.uint64(len(_ENGLISH_KEYS))
    found = np.zeros(len(spaces), np.uint64)
    found[words] = np.where(_ENGLISH_KEYS[places] == keys, _ENGLISH_BITS[places], 0)
    english[long] = np.bitwise_count(np.bitwise_or.reduceat(found, first)) >= _ENOUGH_WORDS
    return english


def _plainly_english(words: list[str]) -> bool:
    """Four different function words settle it for nearly every abstract, at a tenth of the cost of counting them."""
    return len(_ENGLISH.intersection(words[:_READ_WORDS])) >= _ENOUGH_WORDS


def _share(words: list[str], among: frozenset[str]) -> float:
    return sum(word in among for word in words) / len(words)


def _not_english(words: list[str]) -> bool:
    """Few English function words, and (second check) many of another language or letters of another script."""
    if len(words) < 10 or _plainly_english(words):
        return False
    lowered = [word.lower() for word in words]
    if _share(lowered, _ENGLISH) >= 0.12:
        return False
    text = "".join(lowered)
    foreign_script = sum(ord(letter) > 0x24F for letter in text) / len(text) > 0.3
    return foreign_script or _share(lowered, _OTHER) >= 0.15


def _mostly_markup(text: bytes) -> bool:
    marks = text.translate(None, b" ")
    # Bytes above 127 are parts of letters of other scripts; they stay out of what is deleted here as signs.
    return len(marks.translate(None, _ASCII_SIGNS)) < _MARKUP_SHARE * len(marks)


def _length_flag(abstract_words: int, title_words: int) -> str | None:
    if abstract_words < 10 or (abstract_words < _SHORT_WORDS and title_words < 8):
        return TOO_SHORT
    return SHORT if abstract_words < _SHORT_WORDS else None


def flags_of(title: str, abstract: str, comments: str | None, archive: str) -> list[str]:
    """Return the reasons why a paper is no research abstract, hard ones first; mostly none.

    Args:
        title: whitespace collapsed.
        abstract: whitespace collapsed.
        comments: the authors' comments, or None.
        archive: the archive of the primary category.
    """
    words = abstract.split()
    found = []
    if archive == "test":
        found.append(TEST)
    if _says_withdrawn(abstract) or (comments is not None and _says_withdrawn(comments)):
        found.append(WITHDRAWN)
    if _ERRATUM.match(title):
        found.append(ERRATUM)
    if _FRONT.match(title):
        found.append(FRONT_MATTER)
    if _not_english(words):
        found.append(NOT_ENGLISH)
    if _mostly_markup(abstract.encode()):
        found.append(MARKUP)
    length = _length_flag(len(words), len(title.split()))
    if length == TOO_SHORT:
        found.append(length)
    if _COMMENT.match(title):
        found.append(COMMENT)
    if length == SHORT:
        found.append(length)
    return found


def _says_withdrawn(text: str) -> bool:
    lowered = text.lower()
    # The plain search first, at a hundredth of the pattern's cost: a suspect is mostly one for another reason.
    return any(word in lowered for word in _WITHDRAWING) and _WITHDRAWN.search(text) is not None
