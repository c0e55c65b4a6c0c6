"""What TeX's names and scripts are in Unicode: the tables that ``tex`` reads titles with."""
# ruff: noqa: RUF001 - letters that look like other letters are what this is about

from __future__ import annotations

SYMBOLS = dict(
    pair.split("=", 1)
    for pair in """
    alpha=α beta=β gamma=γ delta=δ epsilon=ε varepsilon=ε zeta=ζ eta=η theta=θ vartheta=ϑ iota=ι kappa=κ varkappa=ϰ
    lambda=λ mu=μ nu=ν xi=ξ omicron=ο pi=π varpi=ϖ rho=ρ varrho=ϱ sigma=σ varsigma=ς tau=τ upsilon=υ phi=φ varphi=φ
    chi=χ psi=ψ omega=ω Gamma=Γ Delta=Δ Theta=Θ Lambda=Λ Xi=Ξ Pi=Π Sigma=Σ Upsilon=Υ Phi=Φ Psi=Ψ Omega=Ω
    infty=∞ partial=∂ nabla=∇ hbar=ħ ell=ℓ aleph=ℵ imath=ı jmath=ȷ prime=′ Re=ℜ Im=ℑ emptyset=∅ forall=∀ exists=∃
    to=→ rightarrow=→ longrightarrow=→ leftarrow=← leftrightarrow=↔ Rightarrow=⇒ Leftrightarrow=⇔ mapsto=↦ uparrow=↑
    downarrow=↓ hookrightarrow=↪ le=≤ leq=≤ leqslant=≤ ge=≥ geq=≥ geqslant=≥ ne=≠ neq=≠ equiv=≡ sim=∼ simeq=≃ approx=≈
    cong=≅ propto=∝ ll=≪ gg=≫ lesssim=≲ gtrsim=≳ pm=± mp=∓ times=× div=÷ cdot=· ast=∗ star=⋆ circ=∘ bullet=• otimes=⊗
    oplus=⊕ ominus=⊖ wedge=∧ vee=∨ cap=∩ cup=∪ setminus=∖ backslash=∖ in=∈ ni=∋ notin=∉ subset=⊂ subseteq=⊆ supset=⊃
    supseteq=⊇ perp=⊥ parallel=∥ mid=| vert=| Vert=‖ rtimes=⋊ ltimes=⋉ wr=≀ sum=∑ prod=∏ int=∫ oint=∮ surd=√ angle=∠
    degree=° square=□ Box=□ Diamond=◇ dagger=† ddagger=‡ odot=⊙ ldots=… dots=… cdots=⋯ langle=⟨ rangle=⟩ lfloor=⌊
    rfloor=⌋ lceil=⌈ rceil=⌉ Bbbk=𝕜
    """.split()
)
IN_TEXT = dict(
    pair.split("=")
    for pair in "ss=ß o=ø O=Ø l=ł L=Ł aa=å AA=Å ae=æ AE=Æ oe=œ OE=Œ i=ı j=ȷ dh=ð DH=Ð th=þ TH=Þ S=§ P=¶".split()
)
NAMED = frozenset(
    "log ln exp sin cos tan cot sinh cosh tanh arg det dim deg gcd hom ker lim inf sup max min mod Pr rank tr".split()
)
SPACES = {" ": " ", ",": " ", ";": " ", ":": " ", "!": "", "/": "", "-": "", "quad": " ", "qquad": " ", "\n": " "}
SWITCHES = frozenset(
    "rm bf it em sl tt sf sc cal frak left right big Big bigl bigr Bigl Bigr large Large small displaystyle "
    "textstyle boldmath unboldmath limits nolimits mathstrut".split()
)
FONTS = frozenset(
    "mathrm mathbf mathit mathsf mathtt mathcal mathscr mathfrak mathnormal boldsymbol bm pmb bold text textrm textbf "
    "textit textsl textsc texttt textsf textup textnormal emph mbox hbox operatorname ensuremath underline uppercase "
    "lowercase tensor".split()
)
BLACKBOARD = dict(zip("CHNPQRZ", "ℂℍℕℙℚℝℤ", strict=True))
MARKS = {"'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307"}
LETTER_MARKS = dict(zip("cvuHkrdb", "\u0327\u030c\u0306\u030b\u0328\u030a\u0323\u0331", strict=True))
MATH_MARKS = dict(
    zip(
        "bar overline hat widehat tilde widetilde dot ddot vec check acute grave breve".split(),
        "\u0304\u0305\u0302\u0302\u0303\u0303\u0307\u0308\u20d7\u030c\u0301\u0300\u0306",
        strict=True,
    )
)

RAISED = str.maketrans(
    "0123456789+-−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVW∗*∘′",
    "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂ**°′",
)
LOWERED = str.maketrans("0123456789+-−=()aeijoruvxhklmnpst", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑᵢⱼₒᵣᵤᵥₓₕₖₗₘₙₚₛₜ")
