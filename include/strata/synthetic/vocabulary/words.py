"""What the papers of one planted topic are written with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Vocabulary:
    """The words of one topic.

    Every phrase is a noun phrase that fits behind a preposition ("of <object>", "using <method>"); quantities
    begin with an article, settings with a preposition. Sentences hold slots: <object>, <other> (another object),
    <method>, <technique> (another method), <quantity>, <measure> (another quantity), <setting>, <n> (a whole
    number), <p> (a percentage), <x> (a small decimal).
    """

    name: str
    keys: tuple[str, ...]  # lower-case words that a good name of the topic is made of
    categories: tuple[str, ...]  # the usual primary category first
    objects: tuple[str, ...]
    methods: tuple[str, ...]
    quantities: tuple[str, ...]
    settings: tuple[str, ...]
    openings: tuple[str, ...]
    findings: tuple[str, ...]


def vocabulary(
    name: str,
    *,
    keys: str,
    categories: str,
    objects: str,
    methods: str,
    quantities: str,
    settings: str,
    openings: str,
    findings: str,
) -> Vocabulary:
    """Build a vocabulary from plain text: words by blanks, phrases by semicolons, sentences by lines."""
    return Vocabulary(
        name=name,
        keys=tuple(keys.split()),
        categories=tuple(categories.split()),
        objects=_phrases(objects),
        methods=_phrases(methods),
        quantities=_phrases(quantities),
        settings=_phrases(settings),
        openings=_sentences(openings),
        findings=_sentences(findings),
    )


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(phrase for part in text.split(";") if (phrase := " ".join(part.split())))


def _sentences(text: str) -> tuple[str, ...]:
    return tuple(sentence for line in text.splitlines() if (sentence := line.strip()))
