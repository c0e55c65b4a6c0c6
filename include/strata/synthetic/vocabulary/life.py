"""Topics of statistics, quantitative biology and finance."""

from __future__ import annotations

from strata.synthetic.vocabulary.words import vocabulary

LIFE = (
    vocabulary(
        "Markov chain Monte Carlo",
        keys="markov chain monte carlo mcmc posterior",
        categories="stat.CO stat.ME math.ST",
        objects=r"""
        Metropolis-Hastings samplers; Hamiltonian Monte Carlo; Gibbs samplers; Bayesian hierarchical models;
        intractable posteriors; the Bayesian lasso; latent Gaussian models; reversible-jump samplers;
        pseudo-marginal chains; adaptive MCMC; posterior inference for mixture models
        """,
        methods=r"""
        delayed acceptance; coupling of Markov chains; preconditioned Langevin proposals; data augmentation;
        sequential Monte Carlo; parallel chains; slice sampling; drift and minorisation conditions;
        approximate Bayesian computation
        """,
        quantities=r"""
        the mixing time of the chain; the acceptance rate; the effective sample size; the asymptotic variance;
        the marginal likelihood; the burn-in length; the spectral gap of the sampler; the posterior
        contraction rate; the bias of the estimator
        """,
        settings=r"""
        in high dimension; for multimodal posteriors; with subsampled data; with conjugate priors; on
        state-space models
        """,
        openings=r"""
        Markov chain Monte Carlo samples from a posterior known up to its constant.
        Bayesian computation stands or falls with the mixing of its Markov chain.
        Tuning the proposal of an MCMC sampler by hand is tedious and error-prone.
        """,
        findings=r"""
        The optimal acceptance rate of the sampler is 0.<n> in the high-dimensional limit.
        The Markov chain is geometrically ergodic when the posterior has light tails.
        The effective sample size per second of the MCMC scheme improves <n>-fold.
        Unbiased estimates come from coupled Markov chains that meet after <n>0 iterations.
        Subsampling the likelihood biases the posterior by less than <p> per cent.
        The Gibbs sampler mixes in $O(\log <n>)$ steps for the hierarchical prior.
        Tempering lets the MCMC chain cross between the <n> posterior modes.
        """,
    ),
    vocabulary(
        "epidemics on networks",
        keys="epidemic epidemics infection disease transmission",
        categories="q-bio.PE physics.soc-ph",
        objects=r"""
        SIR epidemics; contact networks; an influenza epidemic; vaccination campaigns; superspreading events;
        metapopulation epidemics; the SIS epidemic; measles outbreaks; vector-borne disease; epidemics with
        quarantine; sexually transmitted infection
        """,
        methods=r"""
        compartmental models; bond percolation on networks; next-generation matrices; heterogeneous mean-field
        theory; air-travel mobility data; stochastic outbreak simulation; contact tracing records; pair
        approximation; serological surveys
        """,
        quantities=r"""
        the basic reproduction number $R_0$; the epidemic threshold; the final size of the epidemic; the herd
        immunity level; the generation interval; the infectious period; the doubling time of cases; the
        extinction probability of the infection; the age-specific attack rate
        """,
        settings=r"""
        on scale-free networks; in households and schools; with waning immunity; at the start of the outbreak;
        under lockdown
        """,
        openings=r"""
        The course of an epidemic depends on who meets whom.
        Compartmental models of infection assume random mixing, which contact data contradict.
        Vaccination stops an epidemic when the reproduction number falls below one.
        """,
        findings=r"""
        The reproduction number of the epidemic was <x> before control measures.
        The epidemic threshold vanishes when the degree variance of the contact network diverges.
        Vaccinating <p> per cent of the best-connected people prevents the epidemic.
        School closure delays the epidemic peak by <n> days.
        A fifth of the infected cause <n> per cent of the transmission of the disease.
        Waning immunity turns the infection into cycles of <n> months.
        Tracing contacts within <n> hours keeps the outbreak of the disease subcritical.
        """,
    ),
    vocabulary(
        "protein structure",
        keys="protein proteins folding residues structure",
        categories="q-bio.BM cond-mat.soft",
        objects=r"""
        globular proteins; two-state folding proteins; coarse-grained protein models; protein complexes;
        beta-hairpin peptides; intrinsically disordered proteins; membrane proteins; HP lattice proteins;
        designed proteins; antibody loops; protein domains
        """,
        methods=r"""
        molecular dynamics; Go-model simulation; deep structure prediction; coevolution of residue pairs;
        replica-exchange sampling; elastic network models; fragment assembly; contact map prediction; protein
        language embeddings
        """,
        quantities=r"""
        the folding rate; the native contact order; the free energy landscape; the RMSD to the native
        structure; the folding temperature; the solvent exposure of residues; the secondary structure content;
        the binding affinity; the transition state ensemble
        """,
        settings=r"""
        in explicit water; in the denatured state; from sequence alone; at the folding transition; inside the
        ribosome tunnel
        """,
        openings=r"""
        A protein's sequence determines its three-dimensional structure.
        Proteins fold in milliseconds although the number of conformations is astronomical.
        Predicting the structure of a protein from its amino acid sequence is a grand challenge.
        """,
        findings=r"""
        The predicted protein structure deviates by <x> angstrom from the crystal structure.
        Folding rates of two-state proteins decrease with contact order, correlation 0.<n>.
        Hydrophobic residues in the core account for <p> per cent of the protein's stability.
        The protein unfolds at <n> pN through an intermediate with two detached strands.
        Coevolving residues identify contacts of the protein with <n> per cent precision.
        The folding landscape of the protein has <n> metastable basins.
        The designed protein binds its target with an affinity of <n> nM.
        """,
    ),
    vocabulary(
        "limit order books",
        keys="orders book books market price bid-ask",
        categories="q-fin.TR q-fin.ST",
        objects=r"""
        limit order books; the continuous double auction; high-frequency market makers; large-tick stocks;
        order flow on the Paris Bourse; mid-price changes; market orders; hidden liquidity; the best bid and
        ask queues; optimal execution; metaorders
        """,
        methods=r"""
        Hawkes processes; zero-intelligence models; queueing theory; level-3 order data; the propagator model;
        stochastic control of inventories; agent-based markets; event-time analysis; Markov models of queues
        """,
        quantities=r"""
        the market impact; the bid-ask spread; the order cancellation rate; the book depth; the order flow
        imbalance; the fill probability of limit orders; the volatility of the mid-price; the autocorrelation
        of trade signs; the execution cost
        """,
        settings=r"""
        at millisecond resolution; around the opening auction; for liquid futures; in the large-tick regime;
        on the London Stock Exchange
        """,
        openings=r"""
        Prices in modern markets form in a limit order book, where buyers and sellers queue.
        Market impact links the order flow to the price and sets the cost of trading.
        Trade signs show long memory although prices are close to a random walk.
        """,
        findings=r"""
        The market impact of a metaorder grows as the square root of its volume, with prefactor <x>.
        Trade signs in the order book are correlated with exponent $\gamma = 0.<n>$.
        Of all limit orders <n> per cent are cancelled before execution.
        Order flow imbalance explains <n> per cent of the price changes within ten seconds.
        The spread of the stock relaxes to its mean as $t^{-0.<n>}$ after a large market order.
        The optimal liquidation of the order front-loads trading when the trader is risk averse.
        Market makers earn the bid-ask spread on <p> per cent of the orders and lose to informed flow.
        """,
    ),
)
