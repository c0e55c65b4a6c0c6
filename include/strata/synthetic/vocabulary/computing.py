"""Topics of computer science."""

from __future__ import annotations

from strata.synthetic.vocabulary.words import vocabulary

COMPUTING = (
    vocabulary(
        "grammars and parsing",
        keys="parsing grammar grammars syntactic parser",
        categories="cs.CL cs.AI",
        objects=r"""
        context-free grammars; tree-adjoining grammars; dependency parsers; head-driven phrase structure
        grammars; treebank parsing; unification grammars; German word order; categorial grammars; syntactic
        ambiguity; morphological analysers; ill-formed sentences
        """,
        methods=r"""
        chart parsing; probabilistic context-free models; transition-based parsing; finite-state transducers;
        left-corner parsing; feature structure unification; the CKY algorithm; lexicalised rules; shift-reduce
        parsing
        """,
        quantities=r"""
        the parsing accuracy; the attachment of prepositional phrases; the number of parse trees; the labelled
        bracket recall; the size of the lexicon; the parsing complexity; the scope of quantifiers; the
        coverage of the grammar; the syntactic agreement
        """,
        settings=r"""
        on the Penn Treebank; in free word order languages; with a broad-coverage lexicon; in spoken
        utterances; for Dutch and Japanese
        """,
        openings=r"""
        Parsing assigns a syntactic structure to each sentence of a language.
        Natural language sentences are ambiguous, and a parser must choose among many syntactic trees.
        A grammar formalism trades expressive power against parsing complexity.
        """,
        findings=r"""
        The parser recovers labelled constituents with <n>.4 per cent recall on unseen sentences.
        Parsing takes time $O(n^<n>)$ in the length of the sentence.
        Lexicalised grammar rules resolve <p> per cent of the attachment ambiguities.
        Cross-serial dependencies need a grammar beyond context-free power.
        The grammar covers <n> per cent of the newspaper sentences in the corpus.
        Subcategorisation frames of verbs are the most useful syntactic feature for the parser.
        Packed forests hold all parses of the sentence in polynomial space.
        """,
    ),
    vocabulary(
        "approximation algorithms on graphs",
        keys="approximation algorithm graph graphs polynomial-time",
        categories="cs.DS cs.CC cs.DM",
        objects=r"""
        the metric travelling salesman problem; minimum vertex cover; planar graphs; the Steiner tree problem;
        bounded-treewidth graphs; maximum cut; dynamic shortest paths; the $k$-median problem; graph spanners;
        edge-disjoint paths; directed multicut
        """,
        methods=r"""
        linear programming relaxations; the primal-dual schema; randomised rounding; kernelisation;
        semidefinite relaxation; iterative rounding; tree decompositions; reductions from unique games; metric
        embedding into trees
        """,
        quantities=r"""
        the approximation ratio; the integrality gap; the running time; the hardness threshold; the
        competitive ratio; the kernel size; the number of queries; the treewidth; the stretch of the spanner
        """,
        settings=r"""
        in polynomial time; unless P = NP; in the streaming model; on directed graphs; for fixed parameter $k$
        """,
        openings=r"""
        Many graph problems are NP-hard, so one asks for approximation algorithms.
        The integrality gap of a relaxation limits what rounding algorithms can reach.
        Fixed-parameter algorithms confine the exponential cost to a small parameter of the graph.
        """,
        findings=r"""
        A polynomial-time algorithm attains approximation ratio 1.<n> for every graph.
        No approximation below <x> is possible in polynomial time unless P = NP.
        The algorithm runs in time $O(m \log^<n> n)$ on graphs with $m$ edges.
        The integrality gap of the natural linear program is at least <x>.
        The problem has a kernel with at most <n>$k$ vertices.
        Every graph has a spanner with $O(n^{1+1/<n>})$ edges, computable in linear time.
        Randomised rounding loses a factor $O(\log n)$, which is best possible for the relaxation.
        """,
    ),
    vocabulary(
        "peer-to-peer networks",
        keys="peer-to-peer peers overlay nodes",
        categories="cs.NI cs.DC",
        objects=r"""
        peer-to-peer overlays; BitTorrent swarms; distributed hash tables; unstructured peer-to-peer networks;
        the Gnutella network; peer-to-peer video streaming; the Chord ring; super-peer topologies; mobile
        peer-to-peer systems; Kademlia nodes; free-riding peers
        """,
        methods=r"""
        random-walk search; tit-for-tat incentives; consistent hashing; gossip dissemination; network coding
        of chunks; measurement crawlers; reputation schemes for peers; trace-driven simulation of peers;
        locality-aware neighbour selection
        """,
        quantities=r"""
        the lookup latency; the download time; the number of hops; the query flooding traffic; the chunk
        availability; the peer churn; the replication factor; the share ratio of peers; the overlay diameter
        """,
        settings=r"""
        under churn; in a swarm of ten thousand peers; across Internet providers; without a central tracker;
        with heterogeneous upload capacity
        """,
        openings=r"""
        Peer-to-peer systems share files without a central server.
        Peers join and leave at will, and the overlay has to repair itself.
        Incentives decide whether the peers of a file-sharing network contribute upload capacity.
        """,
        findings=r"""
        Lookups in the overlay end after <x> hops on average among <n>000 nodes.
        Free riders download at <p> per cent of the rate of contributing peers.
        Locality-aware peers cut the traffic between providers by <p> per cent.
        The median session of a peer in the swarm lasts <n> minutes.
        Rarest-first selection keeps the entropy of chunks in the swarm close to one.
        Gossip among <n> neighbours spreads an update to all peers in logarithmic time.
        Replication of popular files in the overlay reduces query flooding by a factor of <x>.
        """,
    ),
    vocabulary(
        "support vector machines",
        keys="support vector machines kernel kernels svm",
        categories="cs.LG stat.ML",
        objects=r"""
        support vector machines; the one-class SVM; kernel classifiers; multiple kernel learning; string
        kernels; support vector regression; least-squares SVMs; ranking SVMs; semi-supervised kernel machines;
        multiclass SVMs; graph kernels
        """,
        methods=r"""
        sequential minimal optimisation; the kernel trick; cutting-plane training; Gaussian RBF kernels;
        margin maximisation; the Nystr\"om approximation; cross-validated grid search; Mercer expansions;
        stochastic subgradient training
        """,
        quantities=r"""
        the margin; the number of support vectors; the kernel width $\sigma$; the generalisation error; the
        regularisation parameter $C$; the dual objective; the training time; the Rademacher complexity; the
        leave-one-out bound
        """,
        settings=r"""
        in a reproducing kernel Hilbert space; for imbalanced classes; on UCI data sets; with noisy labels; at
        large sample size
        """,
        openings=r"""
        Support vector machines separate classes by the hyperplane of largest margin.
        Kernels let linear classifiers act in a feature space of high dimension.
        Training a support vector machine is a convex quadratic programme.
        """,
        findings=r"""
        The support vector machine reaches <n>.6 per cent accuracy with only <n> support vectors.
        Training time of the SVM falls by a factor of <n> at equal test error.
        The generalisation error of the kernel classifier is bounded through its margin.
        A convex combination of <n> kernels beats the best single kernel by <p> per cent.
        The dual of the support vector machine can be solved by coordinate descent in <n> passes.
        The learned kernel aligns with the labels, and the number of support vectors halves.
        The SVM is consistent when $C$ grows with the sample size and the kernel is universal.
        """,
    ),
    vocabulary(
        "compressed sensing",
        keys="compressed compressive sensing sparse recovery",
        categories="cs.IT eess.SP",
        objects=r"""
        compressed sensing; sparse signals; random measurement matrices; block-sparse vectors; one-bit
        compressive sensing; low-rank matrix recovery; Toeplitz sensing matrices; compressive imaging; jointly
        sparse signals; phase retrieval of sparse vectors; deterministic sensing matrices
        """,
        methods=r"""
        basis pursuit; orthogonal matching pursuit; approximate message passing; $\ell_1$ minimisation;
        iterative hard thresholding; nuclear norm minimisation; coherence bounds; the null space property;
        Gaussian width arguments
        """,
        quantities=r"""
        the restricted isometry constant $\delta_{2s}$; the number of measurements; the sparsity level; the
        phase transition of recovery; the reconstruction error; the mutual coherence; the support recovery
        rate; the sampling rate; the noise folding
        """,
        settings=r"""
        with noisy measurements; below the Nyquist rate; in an overcomplete dictionary; with side information;
        in the large-system limit
        """,
        openings=r"""
        Compressed sensing recovers a sparse signal from far fewer samples than its dimension.
        Sparse recovery by $\ell_1$ minimisation succeeds for most random measurement matrices.
        The restricted isometry property guarantees stable recovery of sparse vectors.
        """,
        findings=r"""
        Exact sparse recovery needs $m \ge <x>\, s \log(n/s)$ random measurements.
        Recovery by basis pursuit is stable if $\delta_{2s} < 0.<n>$.
        Message passing attains the phase transition of $\ell_1$ recovery at far lower cost.
        The sensing matrix of size <n> by 256 has coherence near the Welch bound.
        One-bit measurements recover the direction of the sparse vector to within <p> per cent.
        Side information on the support lowers the number of measurements by <p> per cent.
        Greedy pursuit finds the support of the sparse signal at a signal-to-noise ratio of <n> dB.
        """,
    ),
    vocabulary(
        "digital watermarking",
        keys="watermark watermarking watermarked embedding image",
        categories="cs.MM cs.CR",
        objects=r"""
        digital image watermarking; blind watermarks; fragile watermarks for authentication; audio
        watermarking; reversible data hiding; medical image watermarking; spread-spectrum watermarks; colour
        image watermarks; video watermarking; steganographic cover images; copyright marks
        """,
        methods=r"""
        discrete wavelet transform embedding; singular value decomposition; DCT coefficient modulation;
        quantisation index modulation; least significant bit substitution; Arnold scrambling; chaotic map
        encryption; histogram shifting; visual cryptography
        """,
        quantities=r"""
        the peak signal-to-noise ratio; the robustness to JPEG compression; the normalised correlation; the
        embedding capacity; the imperceptibility; the tamper localisation; the bit error rate of extraction;
        the detection threshold; the payload
        """,
        settings=r"""
        under geometric attacks; in the transform domain; without the host image; after cropping and rotation;
        for copyright protection
        """,
        openings=r"""
        Digital watermarking hides a mark in an image to prove its ownership.
        A watermark should be invisible, robust to attacks and easy to extract.
        Illegal copying of digital media calls for watermarks that survive compression.
        """,
        findings=r"""
        The watermarked image has a PSNR of <n> dB, so the mark cannot be seen.
        The watermark is extracted with normalised correlation 0.9<n> after JPEG compression.
        Embedding in the middle wavelet band balances robustness against visibility of the watermark.
        Cropping of <p> per cent of the image leaves the watermark readable.
        Tampered blocks of <n> pixels are located by the fragile watermark.
        The embedding capacity rises to 0.<n> bits per pixel of the cover image.
        Scrambling keys of <n> bits protect the hidden watermark from unauthorised extraction.
        """,
    ),
    vocabulary(
        "Twitter analysis",
        keys="twitter tweets tweet users hashtags",
        categories="cs.SI physics.soc-ph",
        objects=r"""
        Twitter users; political tweets; hashtag cascades; retweet networks; tweet sentiment; Twitter bots;
        geotagged tweets; trending topics on Twitter; tweets during disasters; follower graphs; celebrity
        accounts on Twitter
        """,
        methods=r"""
        lexicon-based sentiment scoring; crawling of the Twitter API; retweet graph analysis; latent Dirichlet
        allocation on tweets; crowdsourced tweet annotation; hashtag co-occurrence; bot detection features;
        self-exciting point processes; user profile geolocation
        """,
        quantities=r"""
        the retweet probability; the follower count; the sentiment polarity; the influence of users; the
        lifetime of hashtags; the polarisation of users; the tweet volume; the location of users; the spread
        of rumours
        """,
        settings=r"""
        during the presidential election; after the earthquake; across language communities; within the first
        hour; at the scale of cities
        """,
        openings=r"""
        Millions of users post tweets every day, which makes Twitter a sensor of public opinion.
        Twitter users forward news by retweets, and hashtags gather what belongs together.
        Automated accounts distort the discussion among users of Twitter.
        """,
        findings=r"""
        Only <p> per cent of the users produce half of all tweets on the topic.
        Retweets of the hashtag cascade stop within <n> minutes of the first tweet.
        The sentiment of tweets followed opinion polls with a lag of <n> days.
        Bots account for <p> per cent of the tweets about the election.
        Users retweet within their political camp <n> times more often than across.
        Tweet volume located the earthquake within <n> seconds of its onset.
        The follower count of users says little about how often their tweets are retweeted.
        """,
    ),
    vocabulary(
        "large language models",
        keys="language models llm llms prompting",
        categories="cs.CL cs.AI cs.LG",
        objects=r"""
        large language models; instruction-tuned LLMs; GPT-4; chain-of-thought prompts; retrieval-augmented
        generation; LLM agents; open-weight language models; hallucinations of LLMs; long-context LLMs;
        multilingual large language models; LLM judges
        """,
        methods=r"""
        in-context learning; reinforcement learning from human feedback; low-rank adaptation; direct
        preference optimisation; prompt engineering; self-consistency decoding; red teaming of LLMs;
        mechanistic probing of attention heads; synthetic instruction data
        """,
        quantities=r"""
        the zero-shot accuracy; the hallucination rate; the reasoning ability; the alignment with human
        preferences; the inference cost per token; the benchmark contamination; the jailbreak success rate;
        the calibration of answers; the scaling with parameters
        """,
        settings=r"""
        on the MMLU benchmark; without fine-tuning; in multi-turn dialogue; on grade-school mathematics; with
        tool use
        """,
        openings=r"""
        Large language models answer questions and write code from a prompt alone.
        LLMs hallucinate, and their reasoning often fails where a person's would not.
        Aligning large language models with human intent remains costly and fragile.
        """,
        findings=r"""
        Chain-of-thought prompting raises the LLM's accuracy by <p> points on the benchmark.
        The LLM gives a wrong answer with high confidence in <p> per cent of the prompts.
        Low-rank adapters with <n> million parameters match full fine-tuning of the language model.
        LLM judges agree with human raters in <n> per cent of the comparisons.
        Jailbreak prompts succeed against <p> per cent of the safety-tuned language models.
        Retrieved passages cut hallucinations of the LLM by half but lengthen prompts <n>-fold.
        Language models of <n>B parameters trained on cleaned tokens beat larger ones.
        """,
    ),
)
