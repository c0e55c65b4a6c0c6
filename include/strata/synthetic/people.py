"""Invented authors: each subject has people of its own, more of them as it grows."""

from __future__ import annotations

from random import Random

from strata.synthetic.draws import below, chance, pick, stream

# As arXiv writes a name in ``authors`` (accents in TeX), and as it parses it.
_PLAIN = """
Abara Adler Amsalem Andreev Aoki Barros Becker Benitez Bianchi Bose Brandt Carter Castillo Chandra Chen
Cohen Conti Dacosta Dimitrov Duarte Eriksen Farouk Fischer Fontaine Fujita Galanis Ghosh Gupta Haddad Hansen
Hasegawa Hoffmann Horvat Huang Ibrahim Ivanova Jansen Jensen Jovanovic Kalman Kang Katz Keller Kim Kimura
Kovalenko Kumar Lambert Larsen Lee Leclerc Levin Li Lindgren Lopes Mahmoudi Marchetti Martin Mbeki Meyer
Mishra Moreau Mori Nakamura Navarro Nguyen Nowak Okafor Olsen Osei Pappas Park Patel Pavlov Petrov Popescu
Quispe Rahman Ramos Rao Ricci Rossi Sato Schneider Sharma Silva Singh Smirnov Suzuki Tanaka Thomsen Tran
Ueda Vargas Verma Vogel Wagner Wang Weber Wu Yamada Yilmaz Zhang Zhou Ziegler
"""
_ACCENTED = (
    (r"Sch\"afer", "Schäfer"),
    (r"P\'erez", "Pérez"),
    (r"Dvo\v{r}\'ak", "Dvořák"),
    (r"S\o rensen", "Sørensen"),
    (r"Lef\`evre", "Lefèvre"),
    (r"Gon\c{c}alves", "Gonçalves"),
    (r"\"Ozdemir", "Özdemir"),
    (r"Nu\~nez", "Nuñez"),
)
_SURNAMES = (*((name, name) for name in _PLAIN.split()), *_ACCENTED)
_INITIALS = "ABCDEFGHIJKLMNOPRSTVWYZ"

Names = list[tuple[str, str, str]]  # initials, surname in TeX, surname


def authors_of(subject: str, seed: int, serial: int) -> Names:
    """Return the one to five authors of a paper, different from one another."""
    rng = stream(seed, "authors", subject, serial)
    wanted = 1 + below(rng, 5)
    people = [_person(subject, seed, below(rng, 8 + serial // 3)) for _ in range(wanted)]
    return list(dict.fromkeys(people))


def in_one_line(names: Names) -> str:
    """Write names as arXiv does: ``A. Becker, B. C. Li and D. Rao``."""
    written = [f"{initials} {tex}" for initials, tex, _ in names]
    return " and ".join([", ".join(written[:-1]), written[-1]]) if len(written) > 1 else written[0]


def parsed(names: Names) -> list[list[str]]:
    """Return names as in ``authors_parsed``: surname, initials, suffix."""
    return [[surname, initials, ""] for initials, _, surname in names]


def _person(subject: str, seed: int, place: int) -> tuple[str, str, str]:
    rng = stream(seed, "person", subject, place)
    tex, surname = pick(rng, _SURNAMES)
    return _initials(rng), tex, surname


def _initials(rng: Random) -> str:
    first = f"{pick(rng, _INITIALS)}."
    return f"{first} {pick(rng, _INITIALS)}." if chance(rng, 0.4) else first
