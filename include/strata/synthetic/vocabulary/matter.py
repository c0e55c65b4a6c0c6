"""Topics of condensed matter, quantum physics, fluids and plasmas."""

from __future__ import annotations

from strata.synthetic.vocabulary.words import vocabulary

MATTER = (
    vocabulary(
        "spin glasses",
        keys="spin glass glasses glassy overlap",
        categories="cond-mat.dis-nn cond-mat.stat-mech",
        objects=r"""
        the Sherrington-Kirkpatrick model; the Edwards-Anderson spin glass; $p$-spin glass models; the $\pm J$
        Ising spin glass; Heisenberg spin glasses; diluted mean-field spin glasses; the spin glass on the
        Bethe lattice; random-field magnets; canonical CuMn alloys; the Potts glass; quantum spin glasses
        """,
        methods=r"""
        parallel tempering; the replica method; the cavity method; aging experiments; finite-size scaling of
        the overlap; population annealing; the TAP equations; Parisi's replica symmetry breaking; exact ground
        states by branch and cut
        """,
        quantities=r"""
        the overlap distribution $P(q)$; the spin glass transition temperature; the stiffness exponent
        $\theta$; the Edwards-Anderson order parameter; the correlation length $\xi_L$; the
        fluctuation-dissipation ratio; the de Almeida-Thouless line; the complexity of metastable states; the
        chaos exponent
        """,
        settings=r"""
        in three dimensions; below the glass transition; in a magnetic field; at zero temperature; after a
        quench
        """,
        openings=r"""
        Spin glasses combine disorder and frustration, and their low-temperature phase remains disputed.
        Whether many pure states exist in a short-range spin glass divides droplet and replica pictures.
        Slow dynamics and aging are the signature of a spin glass below its transition.
        """,
        findings=r"""
        The overlap distribution keeps weight at $q = 0$ for lattices up to $L = <n>$.
        The spin glass transition occurs at $T_c = 1.1<n>$ with exponent $\nu = 2.<n>$.
        Replica symmetry is broken in full, with an ultrametric organisation of states.
        Droplet excitations cost an energy $L^\theta$ with $\theta = 0.<n>$ in the frustrated magnet.
        Temperature chaos of the spin glass appears only at rare samples of the disorder.
        Aging curves of the thermoremanent magnetisation collapse on $t/t_w^\mu$ with $\mu = 0.9<n>$.
        The de Almeida-Thouless line vanishes in the short-range model as the field is lowered.
        """,
    ),
    vocabulary(
        "Bose-Einstein condensates",
        keys="bose-einstein condensate condensates bose trapped",
        categories="cond-mat.quant-gas quant-ph",
        objects=r"""
        trapped Bose-Einstein condensates; spinor condensates; dipolar Bose gases; a rubidium condensate;
        two-component condensates; dark solitons in a condensate; Bose atoms in an optical lattice; vortex
        lattices; a one-dimensional Bose gas; the rotating condensate; attractive lithium condensates
        """,
        methods=r"""
        the Gross-Pitaevskii equation; Bogoliubov theory; time-of-flight imaging; Feshbach resonances; the
        truncated Wigner approach; Bragg spectroscopy; variational Gaussian wave functions; radio-frequency
        evaporation; classical field simulation
        """,
        quantities=r"""
        the condensate fraction; the scattering length $a_s$; the frequency of collective modes; the critical
        rotation rate; the coherence length; the superfluid density; the three-body loss rate; the
        interference contrast; the sound velocity of the condensate
        """,
        settings=r"""
        in a cigar-shaped trap; at ultracold temperatures; in the Thomas-Fermi regime; across the
        superfluid-Mott transition; in a double-well potential
        """,
        openings=r"""
        Ultracold atoms in a trap condense into one macroscopic wave function.
        A Bose-Einstein condensate is superfluid, and its vortices are quantised.
        Tunable interactions make the trapped Bose gas a clean testing ground for many-body theory.
        """,
        findings=r"""
        The breathing mode of the condensate has a frequency of <x> times the trap frequency.
        A condensate of <n>000 atoms collapses when the scattering length turns negative.
        Vortices enter the trapped condensate from the edge above $\Omega = 0.<n>\,\omega_\perp$.
        Phase fluctuations lower the interference contrast of the elongated Bose gas by <p> per cent.
        The healing length of the condensate sets the size of the dark soliton.
        Quantum depletion amounts to <p> per cent of the atoms in the optical lattice.
        Thermal atoms damp the collective mode at a rate linear in temperature.
        """,
    ),
    vocabulary(
        "carbon nanotubes",
        keys="carbon nanotube nanotubes swnt",
        categories="cond-mat.mes-hall cond-mat.mtrl-sci",
        objects=r"""
        single-walled carbon nanotubes; multiwall nanotubes; armchair nanotubes; nanotube ropes; suspended
        carbon nanotubes; zigzag nanotubes; nanotube quantum dots; carbon nanotube field-effect transistors;
        metallic carbon nanotubes; nanotube peapods; crossed nanotube junctions
        """,
        methods=r"""
        resonant Raman scattering; tight-binding calculation; scanning tunnelling microscopy of tubes;
        four-terminal transport on nanotubes; Luttinger liquid theory; chemical vapour deposition growth;
        zone-folding of graphite; photoluminescence mapping; ab initio density functionals
        """,
        quantities=r"""
        the chiral index $(n,m)$; the band gap; the radial breathing mode; the contact resistance; the tube
        diameter; the electron mean free path; the charging energy; the thermal conductivity; the Young
        modulus of the tube
        """,
        settings=r"""
        at room temperature; under axial magnetic flux; with ferromagnetic leads; in the Coulomb blockade
        regime; under uniaxial strain
        """,
        openings=r"""
        A carbon nanotube is metallic or semiconducting according to its chirality.
        Carbon nanotubes are model one-dimensional conductors with four channels.
        Devices of a single carbon nanotube promise transistors of molecular size.
        """,
        findings=r"""
        The conductance of the nanotube reaches $<x>\,e^2/h$, near the ballistic limit.
        The gap of semiconducting tubes scales as the inverse of the nanotube diameter.
        The radial breathing mode at 1<n> cm$^{-1}$ assigns the chirality of the nanotube.
        Power laws of the tunnelling conductance agree with a Luttinger liquid in metallic nanotubes.
        Fourfold shell filling is seen in the nanotube quantum dot over <n> Coulomb diamonds.
        A curvature gap of <n> meV opens in nominally metallic carbon nanotubes.
        Schottky barriers at the contact decide the switching of the nanotube transistor.
        """,
    ),
    vocabulary(
        "twisted bilayer graphene",
        keys="twisted bilayer graphene moire magic-angle",
        categories="cond-mat.str-el cond-mat.mes-hall",
        objects=r"""
        twisted bilayer graphene; magic-angle graphene; moir\'e superlattices; twisted double bilayer
        graphene; the moir\'e flat bands; mirror-symmetric twisted trilayer graphene; twisted graphene aligned
        with hBN; correlated insulators in moir\'e graphene; alternating-twist graphene stacks; the chiral
        model of twisted bilayers; small-angle graphene bilayers
        """,
        methods=r"""
        the Bistritzer-MacDonald continuum model; self-consistent Hartree-Fock; scanning SQUID imaging;
        compressibility measurements; tight-binding with lattice relaxation; a heavy-fermion mapping of flat
        bands; nano-ARPES; exact diagonalisation in flat bands; tear-and-stack device assembly
        """,
        quantities=r"""
        the magic angle; the bandwidth of the flat bands; the Chern number of the moir\'e band; the
        superconducting dome; the filling factor $\nu$; the twist-angle disorder; the quantum metric; the
        valley polarisation; the interlayer tunnelling ratio $w_0/w_1$
        """,
        settings=r"""
        near $1.1^\circ$ twist; at half filling of the moir\'e cell; under a displacement field; in zero
        magnetic field; with hBN encapsulation
        """,
        openings=r"""
        Two graphene sheets twisted by a magic angle develop flat bands with strong correlations.
        Superconductivity next to correlated insulators makes twisted bilayer graphene resemble cuprates.
        The moir\'e pattern of a small twist reconstructs the bands of bilayer graphene.
        """,
        findings=r"""
        The flat band of the twisted bilayer is only <n> meV wide at the magic angle.
        Lattice relaxation enlarges AB regions and opens a gap of <n> meV above the moir\'e flat bands.
        Correlated insulators appear at $\nu = \pm 2$ and $\pm 3$ of the twisted bilayer below <n> K.
        Superconductivity of the magic-angle sample survives screening by a close metallic gate.
        An anomalous Hall effect signals a Chern insulator in graphene aligned with hBN.
        Twist-angle variations of $0.0<n>^\circ$ blur the moir\'e gaps over microns.
        Intervalley coherent order minimises the Hartree-Fock energy of twisted graphene with strain.
        """,
    ),
    vocabulary(
        "Bell inequalities",
        keys="bell inequality inequalities nonlocality entangled",
        categories="quant-ph",
        objects=r"""
        Bell inequalities; the CHSH inequality; entangled photon pairs; multipartite nonlocality; GHZ states;
        Popescu-Rohrlich boxes; local hidden variable models; two-qutrit entangled states; Werner states;
        Mermin inequalities; device-independent randomness
        """,
        methods=r"""
        parametric down-conversion; the semidefinite hierarchy of quantum correlations; superconducting
        detectors without the detection loophole; facet enumeration of the local polytope; self-testing;
        space-like separated random settings; Hardy's argument; the swap method; linear programming for
        locality
        """,
        quantities=r"""
        the Bell violation; the Tsirelson bound $2\sqrt{2}$; the detection efficiency threshold; the critical
        visibility; the nonlocal content; the communication cost; the amount of certified randomness; the
        guessing probability; the resistance to white noise
        """,
        settings=r"""
        with no-signalling parties; for two settings per party; without fair sampling; in a network with
        independent sources; in the tripartite scenario
        """,
        openings=r"""
        Bell's theorem separates quantum correlations from every local hidden variable model.
        Entangled particles violate Bell inequalities, yet closing all loopholes is demanding.
        Nonlocality is a resource: a Bell violation certifies entanglement without trust in devices.
        """,
        findings=r"""
        The measured CHSH value of 2.<n> violates the local bound by <n> standard deviations.
        Nonlocality of Werner states vanishes below a visibility of 0.<n> for projective measurements.
        Maximal Bell violation requires less than maximal entanglement for <n> outcomes.
        The Tsirelson bound follows from information causality in the two-party Bell scenario.
        A tight Bell inequality with <n> settings detects states that CHSH misses.
        Photon losses up to <p> per cent can be tolerated with Eberhard's nonmaximally entangled state.
        Each round of the Bell test certifies 0.<n> bits of fresh randomness.
        """,
    ),
    vocabulary(
        "quantum error correction",
        keys="error correction code codes logical qubits",
        categories="quant-ph",
        objects=r"""
        surface codes; quantum LDPC codes; stabilizer codes; the toric code under noise; bosonic cat codes;
        concatenated codes; color codes; the five-qubit code; Floquet codes; the Gottesman-Kitaev-Preskill
        code; bivariate bicycle codes
        """,
        methods=r"""
        minimum-weight matching decoders; belief propagation decoding; flag qubits; lattice surgery; magic
        state distillation; repeated syndrome extraction; transversal gates; code switching; tensor network
        decoders
        """,
        quantities=r"""
        the fault-tolerance threshold; the logical error rate; the code distance $d$; the encoding rate; the
        syndrome extraction depth; the qubit overhead; the decoding time; the leakage rate; the break-even
        lifetime of the logical qubit
        """,
        settings=r"""
        under circuit-level noise; with biased dephasing; on superconducting processors; with neutral atoms;
        against correlated errors
        """,
        openings=r"""
        Quantum computers need error correction to run long algorithms on noisy qubits.
        A logical qubit pays off only when the physical error rate lies below threshold.
        Decoders must keep pace with the syndrome stream of <object>.
        """,
        findings=r"""
        The logical error rate falls by a factor of <x> each time the code distance grows by two.
        The threshold under circuit-level noise is 0.<n> per cent with the matching decoder.
        The quantum code encodes <n> logical qubits with distance <n> at constant rate.
        Leakage of the data qubits, left alone, removes the exponential suppression of logical errors.
        Magic states of fidelity 0.99<n> are distilled with fewer than <n>00 physical qubits.
        Biased noise lifts the threshold of the code to <p> per cent after a local rotation.
        Syndromes are decoded within <x> microseconds on a field-programmable gate array.
        """,
    ),
    vocabulary(
        "stellarators",
        keys="stellarator stellarators quasisymmetric wendelstein magnetic",
        categories="physics.plasm-ph physics.comp-ph",
        objects=r"""
        quasisymmetric stellarators; the Wendelstein 7-X stellarator; heliotron plasmas; quasi-isodynamic
        configurations; the stellarator divertor; three-dimensional magnetohydrodynamic equilibria; modular
        coils; energetic ions in stellarators; the HSX experiment; the compact stellarator NCSX;
        non-axisymmetric tori
        """,
        methods=r"""
        coil optimisation; near-axis expansion; drift-kinetic neoclassical codes; VMEC equilibria; gyrokinetic
        flux-tube simulation; Poincar\'e plots of field lines; adjoint shape gradients; charge-exchange
        spectroscopy; guiding-centre orbit following
        """,
        quantities=r"""
        the rotational transform $\iota$; the effective ripple $\epsilon_{\rm eff}$; the bootstrap current;
        the neoclassical transport; the magnetic well; the alpha particle losses; the island width; the coil
        curvature; the energy confinement time
        """,
        settings=r"""
        at reactor scale; in the $1/\nu$ regime; at finite plasma beta; on the last closed flux surface; with
        electron cyclotron heating
        """,
        openings=r"""
        Stellarators confine a toroidal plasma with external coils alone and run without disruptions.
        The shaping of a stellarator must restrain the drift of trapped particles.
        Optimised stellarators bring neoclassical losses down to the level of tokamaks.
        """,
        findings=r"""
        The stellarator equilibrium is quasisymmetric to one part in <n>000 on the plasma boundary.
        Coils with a curvature radius of <x> m reproduce the stellarator field to <p> per mille.
        Fewer than <p> per cent of alpha particles escape the stellarator in a slowing-down time.
        A root change of the radial electric field improves stellarator confinement at <x> keV.
        Magnetic islands at $\iota = 1$ shift the strike line of the divertor by <n> cm.
        Ion-temperature-gradient turbulence exceeds neoclassical transport in the optimised stellarator.
        Bootstrap current moves the stellarator's rotational transform by 0.0<n>.
        """,
    ),
    vocabulary(
        "turbulence in pipe flow",
        keys="turbulent pipe flow reynolds puffs",
        categories="physics.flu-dyn nlin.CD",
        objects=r"""
        pipe flow; turbulent puffs; plane Couette flow; wall-bounded shear flows; exact coherent states;
        turbulent slugs; channel flow with riblets; transitional boundary layers; the laminar-turbulent edge;
        streamwise vortices; turbulent bands in channel flow
        """,
        methods=r"""
        direct numerical simulation; stereoscopic particle image velocimetry; directed percolation theory;
        edge tracking; dynamic mode decomposition; hot-wire anemometry; Newton-Krylov search for travelling
        waves; linear resolvent analysis; large-eddy simulation
        """,
        quantities=r"""
        the critical Reynolds number; the friction factor; the lifetime of turbulence; the wall shear stress;
        the turbulent fraction; the mean velocity profile; the amplitude threshold; the splitting rate of
        puffs; the transient energy growth
        """,
        settings=r"""
        at $Re = 2040$; near the wall; downstream of an orifice; in long pipes; at the onset of turbulence
        """,
        openings=r"""
        The laminar flow in a pipe is linearly stable, and yet pipe flow becomes turbulent.
        Localised turbulent puffs decay or split, and their balance sets the onset of turbulence.
        Travelling waves and streaks organise the near-wall flow of turbulent shear layers.
        """,
        findings=r"""
        The lifetime of turbulent puffs grows super-exponentially with the Reynolds number.
        Puff splitting outweighs decay above $Re = 20<n>$ in the pipe.
        The turbulent fraction follows directed percolation with exponent $\beta = 0.<n>$.
        Streaks in the shear flow reach <n> times their initial energy before breakdown.
        A flattened velocity profile makes the turbulent flow relaminarise and cuts drag by <p> per cent.
        The edge state of the pipe is a pair of vortices of <n> diameters length.
        The friction factor departs from Blasius' law once turbulent slugs fill the pipe.
        """,
    ),
)
