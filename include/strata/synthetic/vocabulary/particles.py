"""Topics of particle physics and string theory."""

from __future__ import annotations

from strata.synthetic.vocabulary.words import vocabulary

PARTICLES = (
    vocabulary(
        "matrix theory of D-branes",
        keys="matrix d-branes m-theory d0-branes",
        categories="hep-th",
        objects=r"""
        M(atrix) theory; D0-branes; the type IIA matrix string; the IKKT matrix model; longitudinal
        five-branes; the BFSS quantum mechanics; membranes in eleven dimensions; matrix theory on $T^3$;
        D-brane bound states; the light-cone supermembrane; gravitons of M-theory
        """,
        methods=r"""
        discrete light-cone quantisation; one-loop effective actions; large $N$ super Yang-Mills; U-duality
        arguments; eikonal scattering of D0-branes; supersymmetric quantum mechanics; eleven-dimensional
        supergravity; compactification on the dual torus; the background field gauge
        """,
        quantities=r"""
        the $v^4/r^7$ potential; the index of bound states; the membrane charge; the spin dependence of the
        interaction; the number of zero modes; the supergraviton scattering amplitude; the decoupling limit;
        the effective D0-brane action; the spectrum of BPS states
        """,
        settings=r"""
        in the infinite momentum frame; at finite $N$; with sixteen supercharges; on an orbifold of M-theory;
        at two loops
        """,
        openings=r"""
        Matrix theory proposes that M-theory in the infinite momentum frame is quantum mechanics of D0-branes.
        The large $N$ limit of <object> is conjectured to describe eleven-dimensional M-theory.
        D-branes carry Ramond-Ramond charge and make duality between string theories manifest.
        """,
        findings=r"""
        The one-loop potential of two D0-branes agrees with supergraviton exchange in M-theory.
        A threshold bound state of $N = <n>$ D0-branes exists, as matrix theory requires.
        Transverse five-branes do not appear in the matrix model on the <n>-torus.
        Off-diagonal strings between D-branes reproduce the membrane of matrix theory.
        Sixteen supersymmetries fix the $v^4$ terms, so D0-brane scattering is not renormalised.
        Matrix string theory emerges in the infrared limit of two-dimensional super Yang-Mills.
        The disagreement at order $v^6$ disappears when the D0-brane recoil is included.
        """,
    ),
    vocabulary(
        "warped braneworlds",
        keys="brane braneworld bulk warped extra",
        categories="hep-th hep-ph gr-qc",
        objects=r"""
        the Randall-Sundrum model; a warped braneworld; thick branes; Gauss-Bonnet braneworlds; the radion;
        Kaluza-Klein gravitons; codimension-two branes; a Friedmann brane in anti-de Sitter bulk; bulk scalar
        fields; the DGP brane; intersecting braneworlds
        """,
        methods=r"""
        the Israel junction conditions; the Goldberger-Wise mechanism; gradient expansion on the brane;
        Kaluza-Klein decomposition; the Shiromizu-Maeda-Sasaki equations; bulk perturbation theory; the
        Gaussian normal gauge; superpotential methods for branes; numerical bulk evolution
        """,
        quantities=r"""
        the warp factor; the radion mass; the brane tension; the Newtonian potential on the brane; the
        graviton zero mode; the dark radiation term; the bulk cosmological constant; the size of the extra
        dimension; the spectrum of Kaluza-Klein modes
        """,
        settings=r"""
        in five-dimensional anti-de Sitter bulk; on the visible brane; with one large extra dimension; at
        energies above the brane tension; under $Z_2$ symmetry across the brane
        """,
        openings=r"""
        In braneworld scenarios matter is bound to a brane while gravity enters the bulk.
        A warped extra dimension between two branes explains the hierarchy of the weak and the Planck scale.
        The Randall-Sundrum brane localises the graviton although the extra dimension is infinite.
        """,
        findings=r"""
        The Friedmann equation on the brane has a term quadratic in the energy density.
        The radion is stabilised with a mass of <n>0 GeV and a coupling set by the warp factor.
        Newton's law on the brane is corrected by a term of order $1/(k r)^2$.
        Kaluza-Klein gravitons of the extra dimension couple to the brane with strength 1/(<x> TeV).
        A thick brane with a kink traps fermions in the bulk only above a critical Yukawa coupling.
        Dark radiation from the bulk is bounded by nucleosynthesis to <p> per cent.
        The self-accelerating brane suffers from a ghost in its scalar sector.
        """,
    ),
    vocabulary(
        "conformal bootstrap",
        keys="conformal bootstrap operator operators cft",
        categories="hep-th cond-mat.stat-mech",
        objects=r"""
        the 3d Ising CFT; conformal field theories in four dimensions; $O(N)$ vector models; mixed
        correlators; superconformal theories; the $(2,0)$ theory; logarithmic minimal models; large-spin
        operators; conformal defects; the Gross-Neveu-Yukawa universality class; double-twist operators
        """,
        methods=r"""
        the numerical conformal bootstrap; semidefinite programming; the Lorentzian inversion formula;
        crossing symmetry; Mellin amplitudes; analytic functionals; recursion for conformal blocks; large-spin
        perturbation theory; conformal Regge theory
        """,
        quantities=r"""
        the scaling dimension $\Delta_\sigma$; the OPE coefficients; the central charge $c_T$; the anomalous
        dimensions; the four-point function; the conformal block expansion; the leading twist gap; the
        stress-tensor two-point function; the bound on operator dimensions
        """,
        settings=r"""
        at the Wilson-Fisher fixed point; in $d=3$; near the lightcone; for four identical scalars; at large
        spin
        """,
        openings=r"""
        Crossing symmetry and unitarity confine the operator content of a conformal field theory.
        The conformal bootstrap computes critical exponents without a Lagrangian.
        Operator product expansions converge, so <quantity> of <object> can be bounded rigorously.
        """,
        findings=r"""
        The allowed region of operator dimensions shrinks to an island around $\Delta = 0.518<n>$.
        Crossing symmetry forces double-twist operators at large spin with anomalous dimension $-<x>/\ell$.
        The bootstrap bound has a kink where the known CFT sits.
        Conformal blocks in <n> dimensions obey a Casimir equation solved by recursion.
        The central charge of the CFT is minimised at the kink to within <p> per mille.
        Inverting the four-point function gives all operators of spin above one on Regge trajectories.
        A CFT with only one relevant singlet must have an operator of dimension below <x>.
        """,
    ),
    vocabulary(
        "neutrino oscillations",
        keys="neutrino neutrinos oscillation oscillations mixing",
        categories="hep-ph hep-ex",
        objects=r"""
        atmospheric neutrinos; solar neutrinos; sterile neutrinos; reactor antineutrinos; supernova neutrinos;
        long-baseline neutrino beams; tau neutrino appearance; Majorana neutrinos; neutrinos at DUNE;
        three-flavour neutrino oscillations; non-standard neutrino interactions
        """,
        methods=r"""
        a global three-flavour fit; water Cherenkov detection; the MSW resonance; near and far detector
        ratios; neutrino factories; perturbative diagonalisation in matter; liquid scintillator detectors;
        texture zeros of the mass matrix; the seesaw mechanism
        """,
        quantities=r"""
        the mixing angle $\theta_{13}$; the CP phase $\delta_{CP}$; the mass-squared difference $\Delta
        m^2_{31}$; the mass ordering; the survival probability; the effective Majorana mass; the octant of
        $\theta_{23}$; the matter potential; the sterile mixing $\sin^2 2\theta_{14}$
        """,
        settings=r"""
        in matter of constant density; at a baseline of 1300 km; for the inverted mass ordering; through the
        Earth's core; below 10 MeV
        """,
        openings=r"""
        Neutrino oscillations prove that neutrinos have mass and that flavours mix.
        The neutrino mass ordering and leptonic CP violation are the open questions of oscillation physics.
        Precise mixing angles have turned neutrino oscillation into a tool for new physics.
        """,
        findings=r"""
        The best fit is $\sin^2 2\theta = 0.<n>$ and $\Delta m^2 =$ <x>$\times 10^{-3}$ eV$^2$ for neutrinos.
        The oscillation length of neutrinos in matter doubles near the MSW resonance.
        Degeneracies between the CP phase and the mass ordering are lifted by a second baseline.
        A sterile neutrino of <x> eV would distort the reactor antineutrino spectrum by <p> per cent.
        The electron neutrino survival probability rises below <n> MeV, as the MSW effect predicts.
        A seesaw with two right-handed neutrinos leads to one massless neutrino.
        With <n> kiloton years of exposure the mass ordering is found at three standard deviations.
        """,
    ),
    vocabulary(
        "lattice QCD",
        keys="lattice qcd quark quarks pion",
        categories="hep-lat hep-ph",
        objects=r"""
        lattice QCD with 2+1 flavours; domain-wall quarks; staggered quarks; the pion; quenched lattice QCD;
        heavy-light mesons; hot QCD; the nucleon on the lattice; twisted-mass Wilson quarks; overlap fermions;
        glueballs on the lattice
        """,
        methods=r"""
        hybrid Monte Carlo; Symanzik improvement; chiral extrapolation; the gradient flow; non-perturbative
        renormalisation; finite-volume scaling; all-to-all propagators; Gaussian smearing of sources;
        partially quenched chiral perturbation theory
        """,
        quantities=r"""
        the pion decay constant $f_\pi$; the quark masses; the chiral condensate; the static quark potential;
        the kaon bag parameter $B_K$; the topological susceptibility; the hadron spectrum; the nucleon axial
        charge $g_A$; the deconfinement temperature
        """,
        settings=r"""
        at the physical pion mass; in the continuum limit; at finite temperature; at $\beta = 6.0$; on a $32^3
        \times 64$ lattice
        """,
        openings=r"""
        Lattice QCD computes hadron properties from quarks and gluons without model assumptions.
        Simulations with light dynamical quarks have reached the physical pion mass.
        Discretisation errors and chiral extrapolation limit the precision of lattice QCD.
        """,
        findings=r"""
        In the continuum limit we obtain $f_\pi = 13<x>$ MeV, with errors dominated by scale setting.
        Residual chiral symmetry breaking of the quarks is below <x> MeV at lattice spacing 0.0<n> fm.
        The static quark potential on the lattice shows string breaking at <x> fm.
        Autocorrelation of the topological charge grows steeply as the lattice spacing falls.
        Finite-volume effects on the pion mass stay below <p> per cent for $m_\pi L > 4$.
        The QCD crossover lies at <n> MeV above the temperature of chiral restoration.
        Smearing of the quark sources improves the plateau of the nucleon correlator.
        """,
    ),
)
