"""The title and abstract of one paper of a planted topic.

A paper's text depends on the seed, its topic and its serial number within the topic, and on nothing else, so that any
paper can be written alone and in any order. Titles are distinct by construction: the serial number is mapped one to
one to a pattern and the phrases in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from math import gcd, prod
from random import Random

from strata.synthetic.draws import below, between, pick, several, stream
from strata.synthetic.vocabulary import VOCABULARIES, Vocabulary

_SLOT = re.compile(r"<([a-z]+)>")
_LONGEST = 200  # words of an abstract

_TITLES = (
    "<quantity> of <object>",
    "<method> for <object>",
    "<object> <setting>",
    "a note on <quantity> of <object>",
    "<quantity> of <object> <setting>",
    "<quantity> of <object> from <method>",
    "<method> and <quantity> of <object>",
    "<object> <setting>: <quantity>",
    "<method> for <object> <setting>",
    "<object>: <quantity> by <method>",
    "revisiting <quantity> of <object> with <method>",
    "<quantity> <setting>: <method> applied to <object>",
)
_AIMS = (
    "We study <quantity> of <object> <setting> using <method>.",
    "In this paper we use <method> to determine <quantity> of <object>.",
    "This work revisits <quantity> of <object> <setting>, which earlier studies had left open.",
    "We apply <method> to <object> and obtain <quantity> <setting>.",
    "The aim of this paper is to understand how <quantity> depends on <measure> for <object>.",
    "Motivated by recent work on <other>, we examine <quantity> of <object> by means of <method>.",
    "Here <object> and <other> are compared <setting>, with emphasis on <quantity>.",
    "We ask what <method> can say about <quantity> of <object>.",
)
_MEANS = (
    "Our approach combines <method> with <technique>, so that <quantity> can be followed <setting>.",
    "The results rest on <method>, checked against <technique> in <n> cases.",
    "Both <method> and <technique> are used, and they agree on <quantity> to within <p> per cent.",
    "Starting from <technique>, we derive <measure> of <other> <setting>.",
    "The analysis uses <method>; limits of <technique> are discussed for <other>.",
    "We extend <technique> to <object> and show how <measure> enters.",
)
_RESULTS = (
    "We find that <quantity> changes by about <p> per cent when <measure> is varied <setting>.",
    "For <other>, <quantity> and <measure> turn out to be closely related.",
    "The dependence of <quantity> on <measure> is weaker for <other> than for <object>.",
    "A comparison with <other> shows that <measure> cannot be neglected <setting>.",
    "Earlier estimates of <measure> based on <technique> are improved by a factor of <x>.",
    "In contrast to <other>, <measure> is controlled by <quantity> <setting>.",
)
_CLOSINGS = (
    "These results bear on <measure> of <other> and call for further use of <technique>.",
    "We close with open questions about <other> <setting>.",
    "The method carries over to <other>, where <measure> is of interest.",
    "Implications for <other> and for <technique> are discussed.",
    "This settles a question about <quantity> raised in earlier work on <other>.",
    "Possible extensions to <other> with <technique> are outlined.",
)


@dataclass(frozen=True)
class Text:
    """Title and abstract, on one line each."""

    title: str
    abstract: str


def topic_text(topic: str, seed: int, serial: int) -> Text:
    """Write one paper of a topic: a title that no other serial number has, and an abstract of 60 to 200 words."""
    return _text(topic, seed, serial, "text")


def sequel_text(topic: str, seed: int, serial: int) -> Text:
    """Write a second paper on the very matter of another: its title, and an abstract that says something else."""
    first = topic_text(topic, seed, serial).abstract.split(". ")
    second = _text(topic, seed, serial, "sequel").abstract.split(". ")
    return Text(topic_text(topic, seed, serial).title, ". ".join([*first[:-3], *second[-3:]]))


def _text(topic: str, seed: int, serial: int, which: str) -> Text:
    words = VOCABULARIES[topic]
    pattern, chosen = _title_choice(words, seed, serial)
    slots = _slots(words, chosen, stream(seed, "slots", topic, serial))
    title = capital(_SLOT.sub(lambda slot: slots[slot[1]].removeprefix("the "), pattern))
    repeats = serial // _title_count(words)
    if repeats:
        title += f", part {repeats + 1}"
    return Text(title, _abstract(words, slots, stream(seed, which, topic, serial)))


def capital(text: str) -> str:
    """Return a text that begins with a capital letter; one that begins with TeX stays as it is."""
    return text[:1].upper() + text[1:]


def _abstract(words: Vocabulary, slots: dict[str, str], rng: Random) -> str:
    # Two thirds of what authors write: enough to tell the topics, and a third less to embed for whoever tries this out.
    goal = int(between(rng, 62, 98))
    opening, aim, closing = pick(rng, words.openings), pick(rng, _AIMS), pick(rng, _CLOSINGS)
    body = several(rng, words.findings, 4) + several(rng, _MEANS, 2) + several(rng, _RESULTS, 2)
    head = [_filled(opening, slots, rng), _filled(aim, slots, rng)]
    tail = _filled(closing, slots, rng)
    length = sum(len(sentence.split()) for sentence in (*head, tail))
    sentences: list[str] = []
    # Findings first, so that even the shortest abstract says what only its topic says.
    for template in body:
        sentence = _filled(template, slots, rng)
        extra = len(sentence.split())
        if sentences and (length >= goal or length + extra > _LONGEST):
            break
        length += extra
        sentences.append(sentence)
    return " ".join([*head, *several(rng, sentences, len(sentences)), tail])


def _slots(words: Vocabulary, chosen: dict[str, str], rng: Random) -> dict[str, str]:
    """Choose what a paper is about: the phrases of its title, and two of a kind for the others."""

    def two(phrases: tuple[str, ...], fixed: str | None) -> tuple[str, str]:
        first, second = several(rng, phrases, 2)
        if fixed is None:
            return first, second
        return fixed, first if first != fixed else second

    slots = {}
    slots["object"], slots["other"] = two(words.objects, chosen.get("object"))
    slots["method"], slots["technique"] = two(words.methods, chosen.get("method"))
    slots["quantity"], slots["measure"] = two(words.quantities, chosen.get("quantity"))
    slots["setting"] = chosen.get("setting") or pick(rng, words.settings)
    return slots


def _filled(template: str, slots: dict[str, str], rng: Random) -> str:
    def value(slot: re.Match[str]) -> str:
        if slot[1] == "n":
            return str(2 + below(rng, 88))
        if slot[1] == "p":
            return str(3 + below(rng, 45))
        if slot[1] == "x":
            return f"{1 + below(rng, 8)}.{1 + below(rng, 9)}"
        return slots[slot[1]]

    return capital(_SLOT.sub(value, template))


def _phrases_of(words: Vocabulary, slot: str) -> tuple[str, ...]:
    return {
        "object": words.objects,
        "method": words.methods,
        "quantity": words.quantities,
        "setting": words.settings,
    }[slot]


@lru_cache(maxsize=256)
def _title_counts(topic: str) -> tuple[int, ...]:
    """How many titles each pattern allows."""
    words = VOCABULARIES[topic]
    return tuple(prod(len(_phrases_of(words, slot)) for slot in _SLOT.findall(pattern)) for pattern in _TITLES)


def _title_count(words: Vocabulary) -> int:
    return sum(_title_counts(words.name))


@lru_cache(maxsize=256)
def _stride(topic: str, seed: int) -> tuple[int, int]:
    """A step without common factor with the number of titles, and a start: a walk that meets every title once."""
    count = sum(_title_counts(topic))
    rng = stream(seed, "titles", topic)
    step = int(count * between(rng, 0.3, 0.7))
    while gcd(step, count) != 1:
        step += 1
    return step, below(rng, count)


def _title_choice(words: Vocabulary, seed: int, serial: int) -> tuple[str, dict[str, str]]:
    """Return the pattern and the phrases of a title."""
    step, start = _stride(words.name, seed)
    number = (start + step * serial) % _title_count(words)
    counts = _title_counts(words.name)
    kind = 0
    while number >= counts[kind]:
        number -= counts[kind]
        kind += 1
    pattern = _TITLES[kind]
    chosen = {}
    for slot in _SLOT.findall(pattern):
        phrases = _phrases_of(words, slot)
        number, place = divmod(number, len(phrases))
        chosen[slot] = phrases[place]
    return pattern, chosen
