"""Papers that are no plain research abstracts, and papers that only look so."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from strata.synthetic.draws import below, pick
from strata.synthetic.prose import Text

WITHDRAWN_ABSTRACTS = (
    "This paper has been withdrawn by the author due to a crucial sign error in equation {n}.",
    "This paper has been withdrawn.",
    "The authors have withdrawn this submission, because the argument of Section {n} has a gap.",
    "This submission has been withdrawn by arXiv administrators because of text overlap with papers by others.",
    "Withdrawn by the authors pending a further check of Figure {n}.",
    "This manuscript has been withdrawn since its results are contained in a later paper with {n} more examples.",
)
WITHDRAWN_COMMENTS = (
    "This paper has been withdrawn by the author due to an error in Section {n}",
    "Paper withdrawn due to a mistake in equation ({n})",
    "{n} pages. This article has been withdrawn by the authors because Lemma 2 is wrong",
    "Withdrawn because the calibration of run {n} was faulty",
)
_ERRATA = (
    ("Erratum: {title}", "A factor of {n} was missing in equation (12) of our paper on {subject}."),
    ("Corrigendum to '{title}'", "Table {n} of our paper on {subject} listed values in the wrong units."),
    ("Addendum to {title}", "We add {n} cases to our paper on {subject}, which had been left out for lack of space."),
)
_ERRATUM_ENDS = (
    "The corrected figure is given here. None of the conclusions of the published article are affected by the change,"
    " and the numbers quoted in its abstract stand as they are."
)
_COMMENTS = (
    ("Comment on '{title}'", "A recent paper on {subject} draws its main conclusion from equation ({n})."),
    ("Reply to the comment on '{title}'", "The comment on our paper on {subject} objects to equation ({n})."),
)
_COMMENT_ENDS = (
    "We point out that the limit taken there does not commute with the average over samples, so that the conclusion"
    " does not follow. With the order of limits restored, the earlier literature and the data agree again."
)
_FRONT = (
    ("Proceedings of Workshop {serial} on {subject}, Ghent, {year}", "This volume contains the papers presented at"),
    ("Preface to special issue {serial} on {subject}", "This issue collects the invited contributions to"),
    ("Table of contents of School {serial} on {subject}", "This is the index of the lecture notes of"),
)
_FRONT_ENDS = (
    "the meeting, which was attended by {n} participants from eleven countries. Each contribution was read by two"
    " members of the programme committee. The editors thank the speakers, the referees, the local organisers and the"
    " sponsors of the conference dinner. The opening lecture was on '{title}'. Links to all others are given inside."
)
_TOO_SHORT = (
    "See the text.",
    "A short proof.",
    "Lecture notes, {n} pages.",
    "No abstract is available.",
)
# Fifteen to twenty-nine words under a long title: good papers all the same.
_SHORT = (
    "We prove that the bound of {n} years ago is sharp, and characterise all cases in which equality is attained.",
    "A counterexample with {n} elements answers a question raised at the last conference, and no smaller one exists.",
)
_SHORT_TITLE = "A sharp bound and a counterexample: {title}"

FOREIGN = (
    Text(
        "Sur la stabilité des écoulements stratifiés dans un canal en rotation lente",
        "Nous étudions la stabilité des écoulements stratifiés dans un canal en rotation lente. La méthode repose sur"
        " un développement asymptotique des équations du mouvement, que nous comparons avec des expériences faites au"
        " laboratoire. Les résultats montrent que la rotation retarde la croissance des ondes et que le seuil dépend"
        " de la largeur du canal. Une discussion des applications aux courants marins est donnée dans la conclusion.",
    ),
    Text(
        "Über die Verteilung der Nullstellen ganzer Funktionen von endlicher Ordnung",
        "Wir untersuchen die Verteilung der Nullstellen ganzer Funktionen von endlicher Ordnung und zeigen, dass die"
        " bekannte Schranke nicht verbessert werden kann. Der Beweis beruht auf einer Abschätzung des Wachstums in"
        " Winkelräumen und ist elementar. Als Anwendung wird ein Satz über Potenzreihen mit Lücken gewonnen, der eine"
        " Frage aus der Literatur beantwortet. Einige Beispiele werden am Ende der Arbeit ausführlich besprochen.",
    ),
    Text(
        "La enseñanza de la física cuántica en los institutos de secundaria de provincias",
        "En este trabajo se describe una experiencia de enseñanza de la física cuántica en los institutos de secundaria"
        " de tres provincias. Los alumnos trabajaron con polarizadores y con un programa de ordenador durante seis"
        " semanas. Los resultados muestran que las ideas previas sobre la luz se mantienen en una parte de la clase y"
        " que el debate en grupos pequeños ayuda más que la lección. Se proponen actividades para el profesorado.",
    ),
    Text(
        "La misura della gravità con il pendolo nelle scuole del Regno",
        "Si descrive la misura della gravità con il pendolo nelle scuole del Regno d'Italia alla fine del secolo. Le"
        " relazioni conservate negli archivi di alcuni licei mostrano che gli strumenti erano buoni e che gli errori"
        " venivano dalla lettura del tempo. Si confrontano i valori con quelli moderni e si discute il ruolo della"
        " pratica di laboratorio nella formazione degli insegnanti. In appendice si riporta un inventario.",
    ),
    Text(
        "Um modelo simples da produção de energia em pequenas centrais do sertão",
        "Apresentamos um modelo simples da produção de energia em pequenas centrais do sertão. Os dados de vazão dos"
        " rios foram recolhidos durante vinte anos e permitem estimar a potência média por mês. O modelo mostra que a"
        " seca reduz a produção a um terço e que um conjunto de painéis solares pode cobrir a diferença. Discutimos o"
        " custo das baterias e a manutenção por moradores da região, com exemplos de duas comunidades.",
    ),
    Text(
        "О точных решениях одной задачи теории фильтрации",  # noqa: RUF001
        "В работе рассматривается задача теории фильтрации жидкости в пористой среде с подвижной границей. Построены"  # noqa: RUF001
        " точные решения для прямоугольной области и указаны условия их единственности. Показано, что при больших"
        " временах граница движется равномерно, а давление выходит на постоянное значение. Результаты сравниваются с"  # noqa: RUF001
        " численным расчётом и с опытными данными, полученными на песчаных образцах в лаборатории.",  # noqa: RUF001
    ),
)


@dataclass(frozen=True)
class FalseFriend:
    """A sentence (or the start of a title) that a careless pattern takes for junk, and the topic it belongs to."""

    topic: str
    title: str = ""  # put before the paper's title
    sentence: str = ""  # put after its abstract


FALSE_FRIENDS = (
    FalseFriend(
        "black hole entropy",
        sentence="The notion of a bare entropy should be withdrawn from physical theory rather than repaired.",
    ),
    FalseFriend(
        "knot invariants",
        sentence="Each clasp is removed by a band move and replaced by two parallel strands of the knot.",
    ),
    FalseFriend(
        "Markov chain Monte Carlo",
        sentence="Functional data typically are observed on a grid, and so is the posterior.",
    ),
    FalseFriend("spin glasses", title="Corrections to scaling in"),
)


def withdrawn_abstract(rng: Random) -> str:
    """Return an abstract that is only a notice of withdrawal."""
    return pick(rng, WITHDRAWN_ABSTRACTS).format(n=_number(rng))


def withdrawn_comment(rng: Random) -> str:
    """Return a notice of withdrawal as authors put it into the comments."""
    return pick(rng, WITHDRAWN_COMMENTS).format(n=_number(rng))


def erratum(about: Text, subject: str, rng: Random) -> Text:
    """Return an erratum, a corrigendum or an addendum to a paper."""
    return _note(pick(rng, _ERRATA), _ERRATUM_ENDS, about, subject, rng)


def comment(about: Text, subject: str, rng: Random) -> Text:
    """Return a comment on a paper, or the reply to one."""
    return _note(pick(rng, _COMMENTS), _COMMENT_ENDS, about, subject, rng)


def front_matter(about: Text, subject: str, year: int, serial: int, rng: Random) -> Text:
    """Return the front matter of proceedings; serial number and opening lecture tell it from others."""
    title, start = pick(rng, _FRONT)
    abstract = f"{start} {_FRONT_ENDS}"
    return Text(
        title.format(serial=serial, subject=subject, year=year), abstract.format(n=_number(rng), title=about.title)
    )


def too_short(rng: Random) -> str:
    """Return an abstract of a few words."""
    return pick(rng, _TOO_SHORT).format(n=_number(rng))


def short(about: Text, rng: Random) -> Text:
    """Return a sound paper whose abstract has fewer than 30 words."""
    return Text(_SHORT_TITLE.format(title=about.title), pick(rng, _SHORT).format(n=_number(rng)))


def _note(frame: tuple[str, str], ends: str, about: Text, subject: str, rng: Random) -> Text:
    title, start = frame
    return Text(title.format(title=about.title), f"{start.format(n=_number(rng), subject=subject)} {ends}")


def _number(rng: Random) -> int:
    return 2 + below(rng, 28)
