"""The planted topics' words, one module a group of fields. A folder, because one module would be too long."""

from __future__ import annotations

from strata.synthetic.vocabulary.computing import COMPUTING
from strata.synthetic.vocabulary.life import LIFE
from strata.synthetic.vocabulary.mathematics import MATHEMATICS
from strata.synthetic.vocabulary.matter import MATTER
from strata.synthetic.vocabulary.particles import PARTICLES
from strata.synthetic.vocabulary.sky import SKY
from strata.synthetic.vocabulary.words import Vocabulary

VOCABULARIES: dict[str, Vocabulary] = {
    words.name: words for words in (*SKY, *PARTICLES, *MATTER, *MATHEMATICS, *COMPUTING, *LIFE)
}

__all__ = ["VOCABULARIES", "Vocabulary"]
