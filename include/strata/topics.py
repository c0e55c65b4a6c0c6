"""What a topic is about, in its papers' own words: names, terms and exemplars."""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

Labels = np.ndarray[Any, np.dtype[np.int32]]
Rows = np.ndarray[Any, np.dtype[np.int64]]

TERMS = 10
_IN_NAME = 3
_DIVERSITY = 0.6
_CANDIDATES = 40
_BUCKETS = 1 << 24  # terms that share one are counted together: of 40 million of all arXiv's topics, a rare few times
_ONE_IN = 40  # a term of a topic is in one of so many of its texts, at least
_LONGER = 0.2  # a term of two words weighs 1.15 times, of three 1.25 times
_TEX = re.compile(r"\$[^$]*\$|\\[A-Za-z]+\*?|\\.|https?://\S+|[{}^_~]")
_ACCENT = re.compile(r"\\(?:[\"'`^~=.]|[uvHck](?=[{\s]))\s*\{?\s*\\?([A-Za-z])\}?")
_BREAK = re.compile(r"[.,;:!?()\[\]\"/=<>|]+")
_WORD = re.compile(r"[\w-]+")
_TOKEN = re.compile(r"[^\W\d_][\w-]*[^\W_]")

# What abstracts say whatever they are about; added to scikit-learn's list of English function words.
_BOILERPLATE = frozenset(
    """
    able abstract account address allow analysis analyze application applications applied apply approach approaches
    article arxiv aspects available based basic behavior behaviour calculate calculated case cases cent certain class
    common compare compared comparison compute computed concept conclude conclusion consider considered consist contain
    contribution corresponding define defined demonstrate demonstrated derive derived describe described detail
    detailed determine develop developed different difficult direct discuss discussed effect effective effects efficient
    employ especially establish established estimate estimated et al evidence examine example examples exist existence
    existing explain explicit extend extended extension feature features finally find finding findings finite following
    form formula framework function functions furthermore general generalization generalize given gives good help high
    idea identify implies important improve improved include including increase initial interesting interpret introduce
    introduced investigate investigated investigation issue known large lead leads let like literature low main make
    measure method methods model modeling models moreover motivated natural necessary new note novel number observe
    observed obtain obtained order original paper papers parameter parameters particular particularly percent perform
    performance performed point possible potential predict present presented previous previously problem problems
    procedure process produce proof proofs properties property propose proposed prove proved proven provide provided
    provides question questions quite range real recent recently related relation relations remain report require
    required research respect result resulting results reveal review role scheme second section set several shown shows
    significant similar simple simply size small solution solutions solve special specific standard state strong
    structure structures studied studies study sufficient suggest support system systems technique techniques terms test
    theorem theoretical theory type types understand understanding use used useful using usual value values various
    versus view way ways wide work works yield yields
    """.split()
)


def plain(text: str) -> str:
    """Return a text without TeX, addresses and braces; accented letters stay letters: Schr\\"odinger is Schrodinger."""
    return _TEX.sub(" ", _ACCENT.sub(r"\1", text))


def spread_members(labels: Labels, counted: np.ndarray[Any, np.dtype[np.bool_]], most: int) -> Rows:
    """Return up to ``most`` rows of each topic, spread evenly over its time, in ascending order."""
    chosen = []
    order = np.argsort(labels, kind="stable")
    order = order[counted[order]]
    for members in np.split(order, np.flatnonzero(np.diff(labels[order])) + 1):
        steps = np.linspace(0, len(members) - 1, min(most, len(members))).round().astype(np.int64)
        chosen.append(members[steps])
    return np.sort(np.concatenate(chosen)) if chosen else np.zeros(0, np.int64)


def terms_of(texts: Sequence[str], labels: Labels, topics: int) -> list[list[str]]:
    """Return each topic's most telling terms, best first, by class-based TF-IDF.

    W_tc = tf_tc log(1 + A / tf_t): tf_tc is the share of term t among the terms of topic c, tf_t its frequency over all
    topics, A the mean number of terms a topic (Grootendorst 2022, BERTopic). A term counts once a text, so that no
    paper names a topic by repeating itself. Terms are one to three words that stand side by side; longer ones say more
    and are rarer, so they weigh a little more. A term that shares words with a better one is moved back (maximal
    marginal relevance, Carbonell and Goldstein 1998, with the overlap of words as similarity).

    Args:
        texts: titles and abstracts.
        labels: (texts,) the topic of each.
        topics: how many topics there are.

    Returns:
        A list of up to ten terms for every topic; empty for one without texts.
    """
    if not texts:
        return [[] for _ in range(topics)]
    overall = np.zeros(_BUCKETS, np.int32)  # of 64 bits it would be twice the memory to touch
    candidates: list[tuple[list[str], np.ndarray[Any, Any]]] = []
    for members in _grouped(labels, topics):
        counts = Counter(term for row in members for term in phrases(texts[row]))
        np.add.at(overall, _buckets(counts), np.fromiter(counts.values(), np.int32, len(counts)))
        least = 1 + len(members) // _ONE_IN
        kept = sorted(term for term, count in counts.items() if count >= least)
        shares = np.array([counts[term] for term in kept]) / max(sum(counts.values()), 1)
        candidates.append((kept, shares))
    mean = overall.sum() / topics
    return [_best(kept, shares, np.log1p(mean / overall[_buckets(kept)])) for kept, shares in candidates]


def phrases(text: str) -> set[str]:
    """The terms of a text: one to three words that stand side by side in it.

    Function words, boilerplate, numbers and punctuation part them: "an echo of 4 Hz fixes the period" has no "echo hz".
    """
    stop = _stop_words()
    found: set[str] = set()
    for clause in _BREAK.split(plain(text).lower()):
        run: list[str] = []
        for word in _WORD.findall(clause):
            if word in stop or not _TOKEN.fullmatch(word):
                run = []
                continue
            run = [*run[-2:], word]
            found.update(" ".join(run[place:]) for place in range(len(run)))
    return found


@lru_cache(maxsize=1)
def _stop_words() -> frozenset[str]:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return frozenset(ENGLISH_STOP_WORDS | _BOILERPLATE)


def _grouped(labels: Labels, topics: int) -> list[list[int]]:
    """The places of each topic's texts."""
    members: list[list[int]] = [[] for _ in range(topics)]
    for place, label in enumerate(labels.tolist()):
        members[label].append(place)
    return members


def _buckets(terms: Iterable[str]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Where each term is counted: a dictionary of all terms of all arXiv's topics would take gigabytes."""
    return np.fromiter((zlib.crc32(term.encode("utf-8", "replace")) % _BUCKETS for term in terms), np.int64)


def _best(terms: list[str], shares: np.ndarray[Any, Any], rarity: np.ndarray[Any, Any]) -> list[str]:
    """Some topic's best terms, diverse, best first."""
    score = shares * rarity * np.array([1 + term.count(" ") for term in terms]) ** _LONGER
    order = np.lexsort((np.array(terms), -score)) if terms else np.zeros(0, np.int64)
    best = order[:_CANDIDATES]
    return _diverse([terms[place] for place in best], score[best])


def name_of(terms: Sequence[str], topic: int) -> str:
    """Return a topic's name: its three best terms that share no word."""
    named: list[str] = []
    for term in terms:
        used = {word.rstrip("s") for word in re.split(r"[ -]", " ".join(named))}
        if len(named) < _IN_NAME and used.isdisjoint(word.rstrip("s") for word in re.split(r"[ -]", term)):
            named.append(term)
    return ", ".join(named) or f"topic {topic}"


def nearest_to_centroid(
    labels: Labels, similarity: np.ndarray[Any, np.dtype[np.float32]], allowed: np.ndarray[Any, Any], most: int = 3
) -> dict[int, list[int]]:
    """Return for each topic the rows of the allowed papers nearest its centroid, nearest first."""
    rows = np.flatnonzero(allowed)
    order = rows[np.lexsort((rows, -similarity[rows], labels[rows]))]
    groups = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
    return {int(labels[group[0]]): [int(row) for row in group[:most]] for group in groups if len(group)}


def _diverse(terms: list[str], scores: np.ndarray[Any, Any]) -> list[str]:
    """Maximal marginal relevance: each next term is good and unlike those taken."""
    if not terms:
        return []
    relevance = scores / max(float(scores.max()), 1e-12)
    words = [set(re.split(r"[ -]", term)) | {term.rstrip("s")} for term in terms]
    words = [{word.rstrip("s") for word in group} for group in words]
    taken: list[int] = []
    while len(taken) < min(TERMS, len(terms)):
        value = [
            _DIVERSITY * relevance[i]
            - (1 - _DIVERSITY) * max((len(words[i] & words[j]) / len(words[i] | words[j]) for j in taken), default=0.0)
            if i not in taken
            else -np.inf
            for i in range(len(terms))
        ]
        taken.append(int(np.argmax(value)))
    return [terms[i] for i in taken]
