"""Topics of astronomy and gravitation."""

from __future__ import annotations

from strata.synthetic.vocabulary.words import vocabulary

SKY = (
    vocabulary(
        "blazar jets",
        keys="blazar blazars jet jets gamma-ray",
        categories="astro-ph.HE astro-ph.CO astro-ph.GA",
        objects=r"""
        TeV blazars; flat-spectrum radio quasars; BL Lac objects; the jet of Mrk 421; the blazar 3C 279; the
        relativistic jet of M87; misaligned radio galaxies; extreme high-frequency-peaked BL Lacs;
        parsec-scale blazar jets; the gamma-ray flares of PKS 2155-304; the kiloparsec jet of 3C 273
        """,
        methods=r"""
        one-zone synchrotron self-Compton models; VLBI monitoring at 43 GHz; Fermi-LAT likelihood analysis;
        simultaneous X-ray and gamma-ray campaigns; relativistic shock-in-jet models; imaging Cherenkov
        telescopes; optical polarimetry of the jet; lepto-hadronic emission codes; structure function analysis
        of light curves
        """,
        quantities=r"""
        the spectral energy distribution; the bulk Lorentz factor $\Gamma$; the gamma-ray variability time
        scale; the Doppler factor $\delta$; the jet opening angle; the synchrotron peak frequency; the
        superluminal speed of the knots; the magnetic field of the emission region; the jet power
        """,
        settings=r"""
        during the 2009 outburst; in the quiescent state; at very high energies; on parsec scales; across the
        Fermi blazar sequence
        """,
        openings=r"""
        Blazars are active galaxies whose relativistic jet points at the observer.
        The origin of the gamma-ray emission of blazars and the composition of their jets are still debated.
        Variability of <object> <setting> offers a direct view of particle acceleration in a relativistic jet.
        """,
        findings=r"""
        The gamma-ray flux of the blazar doubled within <n> minutes, which demands $\delta > <n>$.
        Radio knots leave the core of the jet at an apparent <x>$c$ shortly before the gamma-ray flare.
        A single electron population with a broken power law reproduces both humps of the blazar spectrum.
        Swings of the optical polarisation angle accompany the flare and favour a helical field in the jet.
        External Compton scattering of photons from the broad-line region dominates <quantity> of <other>.
        The jet is particle dominated by a factor of <n>, far from equipartition with the magnetic field.
        The X-ray and TeV light curves of the blazar are correlated with a lag below <n> ks.
        """,
    ),
    vocabulary(
        "quintessence dark energy",
        keys="dark energy quintessence scalar cosmological",
        categories="astro-ph.CO gr-qc hep-th",
        objects=r"""
        quintessence models; phantom dark energy; tracker scalar fields; thawing quintessence; k-essence;
        interacting dark energy; dynamical dark energy with $w(z)$; early dark energy; coupled quintessence;
        the generalised Chaplygin gas; holographic dark energy
        """,
        methods=r"""
        type Ia supernova distances; baryon acoustic oscillation data; dynamical systems analysis; the CPL
        parametrisation; a joint likelihood with the CMB shift parameter; linear perturbation theory;
        redshift-space distortions; phase-space analysis of the scalar field; cosmic chronometer data
        """,
        quantities=r"""
        the equation of state $w$; the energy density $\Omega_{\rm DE}$; the slope of the scalar potential;
        the growth index $\gamma$; the sound speed of dark energy; the deceleration parameter $q_0$; the
        coupling to dark matter; the redshift of transition to acceleration; the late-time attractor
        """,
        settings=r"""
        in a spatially flat universe; at low redshift; with a non-minimal coupling to curvature; beyond the
        cosmological constant; in the presence of massive neutrinos
        """,
        openings=r"""
        The accelerated expansion of the universe is usually ascribed to dark energy with negative pressure.
        A slowly rolling scalar field, quintessence, is the simplest alternative to a cosmological constant.
        Why dark energy begins to dominate only today, the coincidence problem, remains without an answer.
        """,
        findings=r"""
        The present equation of state of dark energy is $w_0 = -0.<n> \pm 0.1$, in line with $\Lambda$CDM.
        The scalar field follows a tracker solution and forgets its initial conditions before recombination.
        Crossing of the phantom divide $w=-1$ cannot occur with one canonical scalar field.
        The scaling attractor of the scalar field is stable when the slope exceeds $\lambda^2 = <n>$.
        Supernova data alone leave <quantity> of <other> nearly unconstrained.
        Transfer of energy to dark energy eases the coincidence problem for a coupling of 0.0<n>.
        The exponential potential is excluded at <x>$\sigma$ by supernovae and the expansion history.
        """,
    ),
    vocabulary(
        "meteor showers",
        keys="meteor meteors meteoroid meteoroids shower showers",
        categories="astro-ph.EP astro-ph.IM",
        objects=r"""
        the Leonid meteor storm; the Perseid shower; Geminid meteors; sporadic meteors; the Draconid outburst;
        the Quadrantid stream; bright fireballs; the dust trail of comet 55P/Tempel-Tuttle; Taurid meteoroids;
        the Camelopardalid shower; faint video meteors
        """,
        methods=r"""
        double-station video observation; visual counts by amateur observers; forward-scatter radio detection;
        dust trail integration; all-sky fireball cameras; head-echo radar; meteor spectroscopy; airborne
        intensified cameras; orbit association by the $D$-criterion
        """,
        quantities=r"""
        the zenithal hourly rate; the population index $r$; the radiant drift; the atmospheric entry speed;
        the beginning height; the mass distribution of meteoroids; the light curve of meteors; the meteoroid
        flux; the ablation coefficient
        """,
        settings=r"""
        around the predicted peak; above 100 km altitude; in the outburst night; over central Europe; at solar
        longitude $235^\circ$
        """,
        openings=r"""
        Meteor showers occur when the Earth crosses the meteoroid stream shed by a comet.
        The encounter with an old dust trail was predicted to give a meteor outburst of short duration.
        Meteoroids ablate in the upper atmosphere, and their trails tell of the parent comet.
        """,
        findings=r"""
        The meteor rate peaked at a ZHR of <n>0, within <n> minutes of the predicted time.
        The radiant lies at right ascension <n>.4 degrees and is only <x> degrees wide.
        Sodium lines vanish early from the meteor spectrum, as expected of fragile cometary dust.
        Most meteors of the shower begin to glow at <n> km above the height of sporadic ones.
        The meteoroids were ejected from the comet <n> revolutions ago.
        Fragmentation explains the short and flat light curve of the faint meteors.
        The stream is richer in large meteoroids than in the previous return of the shower.
        """,
    ),
    vocabulary(
        "planetary radar",
        keys="radar echo echoes delay-doppler arecibo",
        categories="astro-ph.EP astro-ph.IM",
        objects=r"""
        near-Earth asteroids; the binary asteroid 1999 KW4; polar craters of Mercury; the surface of Venus;
        Saturn's moon Titan; the nucleus of a comet; main-belt asteroid 216 Kleopatra; the lunar poles;
        potentially hazardous asteroids; contact-binary asteroids; the rings of Saturn
        """,
        methods=r"""
        Arecibo S-band radar; Goldstone delay-Doppler imaging; bistatic radar with the Green Bank Telescope;
        shape inversion of radar images; circular polarisation ratios; continuous-wave echo spectra; radar
        speckle tracking; range-Doppler ephemeris fits; dual-polarisation radar maps
        """,
        quantities=r"""
        the radar albedo; the echo bandwidth; the spin state; the pole direction; the round-trip delay; the
        circular polarisation ratio; the surface roughness at wavelength scale; the bulk density; the radar
        cross section
        """,
        settings=r"""
        during the close approach; at 12.6 cm wavelength; at decimetre scales; on two successive nights; with
        7.5 m range resolution
        """,
        openings=r"""
        Radar echoes resolve small bodies of the solar system that telescopes see as points.
        The Arecibo planetary radar measures range and Doppler shift of a target with unmatched precision.
        Radar observations of <object> give size, spin and surface structure at once.
        """,
        findings=r"""
        Delay-Doppler images show an elongated body of <n>0 m with a deep concavity.
        The radar echo is <x> times brighter in the opposite circular polarisation, so the regolith is smooth.
        Radar astrometry cuts the uncertainty of the orbit by a factor of <n> and rules out an impact.
        A satellite of <n> m diameter circles the primary and splits the radar echo.
        The echo bandwidth of <n> Hz fixes the spin period to <x> hours.
        Bright radar deposits in permanent shadow are best explained by water ice.
        The shape model fitted to the radar images has a bulk density of <x> g cm$^{-3}$.
        """,
    ),
    vocabulary(
        "first galaxies with JWST",
        keys="jwst galaxies high-redshift nirspec reionization",
        categories="astro-ph.GA astro-ph.CO",
        objects=r"""
        galaxies at $z>10$; little red dots; Lyman-break galaxies of the epoch of reionization; dwarf galaxies
        at cosmic dawn; the most distant JWST galaxies; lensed galaxies behind Abell 2744; massive quiescent
        galaxies at $z\sim 5$; ultraviolet-bright galaxies; metal-poor star-forming galaxies; strong [OIII]
        emitters; photometric candidates at $z\sim 14$
        """,
        methods=r"""
        JWST/NIRCam imaging; NIRSpec prism spectroscopy; spectral energy distribution fitting; the JADES deep
        survey; NIRCam grism spectroscopy; strong-lensing magnification models; direct electron temperatures;
        MIRI photometry; dropout selection
        """,
        quantities=r"""
        the ultraviolet luminosity function; the stellar mass density; the ionising photon efficiency
        $\xi_{\rm ion}$; the gas-phase metallicity; the star formation history; the effective radius; the dust
        attenuation; the escape fraction of Lyman continuum photons; the Balmer break
        """,
        settings=r"""
        in the first 500 Myr; within the JADES field; during reionization; at rest-frame optical wavelengths;
        below $10^8$ solar masses
        """,
        openings=r"""
        JWST has revealed a surprising number of luminous galaxies in the first few hundred million years.
        Deep NIRCam and NIRSpec data now reach galaxies well inside the epoch of reionization.
        Whether early galaxies formed stars more efficiently is among the first questions put to JWST.
        """,
        findings=r"""
        The spectroscopic redshift $z = 1<x>$ makes it one of the earliest galaxies confirmed by JWST.
        Bursty star formation can explain the excess of bright galaxies without a change to cosmology.
        NIRSpec shows a metallicity of <n> per cent of solar in a galaxy of <x>$\times 10^8$ solar masses.
        Broad H$\alpha$ of <n>00 km/s points to an accreting black hole in the red JWST source.
        The number density of galaxies at $z\sim 12$ exceeds earlier forecasts by a factor of <x>.
        Faint galaxies supply enough ionising photons to complete reionization by $z = 5.<n>$.
        The galaxies are compact, with half-light radii near <n>0 pc in the NIRCam images.
        """,
    ),
    vocabulary(
        "black hole entropy",
        keys="black hole holes entropy horizon hawking",
        categories="gr-qc hep-th",
        objects=r"""
        Kerr black holes; extremal black holes; the BTZ black hole; isolated horizons; evaporating black
        holes; Reissner-Nordstrom black holes; the Schwarzschild horizon; black holes with hair; rotating
        black holes in de Sitter space; stretched horizons; Lovelock black holes
        """,
        methods=r"""
        the Euclidean path integral; the Noether charge formula; loop quantum gravity state counting; the
        tunnelling method; the brick-wall model; the Cardy formula; the first law of mechanics; entanglement
        across the horizon; the membrane paradigm
        """,
        quantities=r"""
        the Bekenstein-Hawking entropy; the Hawking temperature; the logarithmic correction to the entropy;
        the horizon area; the surface gravity $\kappa$; the heat capacity; the Page curve; the greybody
        factor; the Barbero-Immirzi parameter
        """,
        settings=r"""
        near the horizon; in the semiclassical limit; with higher-curvature terms; beyond leading order in
        $\hbar$; in the microcanonical ensemble
        """,
        openings=r"""
        The entropy of a black hole is a quarter of its horizon area, $S = A/4G$, in the semiclassical limit.
        Hawking radiation turns a black hole into a thermal object and raises the information paradox.
        A statistical origin of black hole entropy is a touchstone of any theory of quantum gravity.
        """,
        findings=r"""
        The black hole entropy acquires a correction $-\frac{<n>}{2}\log A$ with a universal coefficient.
        Tunnelling through the horizon gives the Hawking temperature together with a back-reaction term.
        The first law of black hole mechanics survives once <quantity> is renormalised.
        Microstates on the horizon are counted by a Chern-Simons theory with <n> punctures.
        The heat capacity diverges where the black hole changes from small to large.
        The generalised second law holds for quasi-stationary changes of the horizon.
        Information leaves the black hole after the Page time, when <p> per cent of the entropy is radiated.
        """,
    ),
)
