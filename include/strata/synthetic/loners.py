"""Papers on subjects that nobody else writes about, each written by hand.

Each is far from every planted topic and from the other loners, to which
``tests/strata/synthetic/test_synthetic_vectors.py`` holds them with a real model. The last two are one
work in two parts, whose likeness must not hide how lonely it is.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LonerText:
    """One hand-written paper."""

    subject: str
    categories: str
    title: str
    abstract: str


def _loner(subject: str, categories: str, title: str, abstract: str) -> LonerText:
    return LonerText(subject, categories, title, " ".join(abstract.split()))


LONERS = (
    _loner(
        "medieval bells",
        "physics.class-ph physics.hist-ph",
        "Partials and strike note of church bells cast before 1400",
        """
        The strike note that the ear assigns to a church bell is not among the tones that the bronze radiates. We
        recorded forty-one bells cast in northern Italy and Catalonia between 1190 and 1398, most of which still hang
        in their first towers, and measured hum, prime, tierce, quint and nominal. The tierce of the oldest bells is
        closer to a major third than founders of later centuries allowed. Thick sound bows and a steep shoulder,
        visible in the profile drawings of the carillon archive, account for most of the difference. A bell founder's
        treatise of the twelfth century gives wax thicknesses that lead to the same ratios.
        """,
    ),
    _loner(
        "waggle dances of honey bees",
        "q-bio.PE q-bio.NC",
        "Honey bees shorten the waggle run when a feeder smells of lavender",
        """
        Foragers of the honey bee tell nestmates the direction and distance of flowers by the waggle dance. We trained
        marked bees from four observation hives to sugar feeders at six hundred metres and scented half of them with
        lavender oil. Dances for scented feeders had waggle runs shorter by a tenth, although the flight was the same.
        Recruits nevertheless landed at the right feeder, so the followers must weigh odour against the angle and
        length of the run. Queenless hives danced less but made the same error. Rain in the days before had no effect.
        """,
    ),
    _loner(
        "quipus",
        "math.HO physics.hist-ph",
        "Reading the pendant cords of Inca quipus from the Nazca valley as tribute ledgers",
        """
        The Inca kept accounts on quipus: dyed cotton and camelid strings hanging from a main cord. We examined twelve
        museum pieces from graves in the Nazca valley and recorded colour, spin direction and the place of each
        pendant. Sums on top cords agree with their pendants on nine pieces. Two pieces share a sequence of values
        with a Spanish census of 1567 and can be read as tribute of maize, cloth and feathers owed by six villages.
        Colour stands for the village, not for the goods. Fibre dating places the remaining pieces before the
        conquest.
        """,
    ),
    _loner(
        "sumo tournaments",
        "stat.AP",
        "Eight wins of fifteen: effort and banzuke rank of sumo wrestlers on the final day",
        """
        A sumo wrestler who ends a tournament with eight wins or more keeps or improves his rank on the banzuke; with
        seven he is demoted. We study bouts on the last day of ninety-six tournaments of the upper divisions.
        Wrestlers with a record of 7-7 won against opponents already safe much more often than their weight and past
        meetings suggest, and lost the return bout two months later. After the scandal of 2011 the excess vanished.
        Injuries, measured by withdrawals, do not explain it. Stables that share a coach behave no differently from
        others.
        """,
    ),
    _loner(
        "penguin huddles",
        "physics.bio-ph",
        "Warmth and waiting in the winter huddle of emperor penguins",
        """
        Male emperor penguins incubate one egg through the Antarctic night and survive by standing close together.
        Time lapse pictures of a colony of three thousand birds over five weeks show that the huddle moves in small
        steps, each penguin following his neighbour after two seconds. Birds on the windward edge walk along the flank
        and join again in the lee. An infrared camera gave plumage temperatures on the outside eight degrees above the
        air. Huddles break up within minutes when the centre becomes too warm. Lone birds lost a third more weight.
        """,
    ),
    _loner(
        "escalators and lifts",
        "math.OC",
        "Dispatching bed lifts and visitor lifts of a teaching hospital at shift change",
        """
        Lifts of a hospital carry beds, meals, staff and visitors, and a patient on the way to the operating theatre
        should not wait behind a flower delivery. We installed counters in six lifts of a building of fourteen floors
        and logged every hall call for a year. Splitting the cars into two groups during shift changes cut the longest
        wait for beds from nine minutes to three, while visitors waited twenty seconds more. Destination buttons in
        the lobby helped only when relatives used them properly. Porters preferred the old arrangement for its
        simplicity.
        """,
    ),
    _loner(
        "date of Easter",
        "math.HO physics.hist-ph",
        "The Easter tables of Dionysius Exiguus and a lost Irish computus",
        """
        The date of Easter divided the churches of late antiquity, since the paschal full moon could be reckoned from
        cycles of eighty-four or of nineteen years. A palimpsest at Bobbio holds the remains of a computus written in
        Ireland about 640. We restored eleven of its columns from photographs in ultraviolet light. The epacts follow
        the older cycle but the saltus lunae was moved to agree with Dionysius in most years. The scribe thus prepared
        a compromise calendar two decades before the synod of Whitby. Errors in copying betray an insular exemplar.
        """,
    ),
    _loner(
        "Roman concrete",
        "physics.geo-ph cond-mat.mtrl-sci",
        "Seawater, volcanic ash and lime: why Roman harbour concrete grows harder",
        """
        Piers of Roman harbours have stood in salt water for two thousand years, while modern cement crumbles in
        fifty. Drill cores from Portus, Baiae and Caesarea contain lime clasts and pozzolan from the bay of Naples.
        Crystals of aluminous tobermorite and phillipsite have grown in the pores long after the mortar had set. We
        reproduced the reaction by leaching ash with brine at forty degrees for two years, after which cracks had
        closed with fresh mineral. Vitruvius names the same ingredients. Builders could use such mortar for
        breakwaters and sea walls.
        """,
    ),
    _loner(
        "codas of sperm whales",
        "q-bio.NC",
        "Clicks in clan dialects: codas of sperm whales off Dominica",
        """
        Sperm whales exchange short patterns of clicks, called codas, when they gather at the surface. Hydrophones
        towed behind a sailing boat recorded eleven family units during six winters. Two clans meet in these waters
        without mixing, and each has its own coda: five evenly spaced clicks against one pause and three. Calves
        babble for two years before they keep the tempo of their mothers. A female adopted after the death of her unit
        took up the foreign dialect. Ornaments at the end of a coda announce that the animal is about to dive.
        """,
    ),
    _loner(
        "high water at Venice",
        "physics.ao-ph",
        "Acqua alta in Venice: sirocco, seiches and eight centuries of flooded doorsteps",
        """
        High water floods the squares of Venice when the sirocco drives the Adriatic north and the moon adds its part.
        We join the tide gauge at Punta della Salute with chronicles, doge's edicts and the brown belt of algae in
        paintings by Canaletto to follow flooding since 1240. The city sank by sixty centimetres, of which the pumping
        of wells at Marghera caused a fifth. Autumn events became twice as frequent after 1950. The seiche of
        twenty-two hours often brings a second flood on the next evening. Mobile barriers at the lagoon inlets now
        close in time.
        """,
    ),
    _loner(
        "juggling patterns",
        "math.CO",
        "Siteswap and the number of juggling patterns with a resting hand",
        """
        Jugglers write a pattern as a row of throw heights, the siteswap, such as 531 or 97531. A pattern is possible
        when no two balls land at the same beat. We count patterns of given period in which one hand rests every third
        beat, as in the style known as slow cascade. The count is a permanent of a banded matrix of zeros and ones.
        Passing patterns for two jugglers with clubs are included by colouring the beats. A list of all patterns with
        up to five balls that the authors could keep going for a minute is appended with photographs.
        """,
    ),
    _loner(
        "maps for the blind",
        "cs.HC",
        "Swell paper or wood: tactile maps of railway stations for blind travellers",
        """
        Blind people plan a journey through an unknown railway station with a relief map under the fingertips. We made
        the same floor plan in swell paper, milled beech and printed plastic and asked twenty-four readers of Braille
        to find platform, lavatory and taxi rank. Wood was explored fastest although its lines were coarser. Raised
        arrows misled people blind from birth, who read them as doors. Guide dogs made no difference to route memory
        after a week. Staff at two stations now lend the wooden map at the ticket window on request.
        """,
    ),
    _loner(
        "gerrymandering",
        "physics.soc-ph cs.CY",
        "Crooked districts: drawing constituency boundaries for a state legislature by random spanning trees",
        """
        A governing party may redraw constituency boundaries to waste its rival's ballots. To judge a plan for a state
        legislature we draw four million alternatives at random, all contiguous and of equal population, by cutting
        spanning trees of the precinct map. The enacted plan gave the majority party eleven of fifteen seats, as only
        one in nine thousand plans would. County boundaries and minority representation were respected in all plans.
        The court admitted the comparison as evidence. Compactness of shape alone would not have shown the
        manipulation.
        """,
    ),
    _loner(
        "the warship Vasa",
        "physics.app-ph",
        "Polyethylene glycol and creeping oak: the hull of the warship Vasa settles",
        """
        The Swedish warship Vasa sank in 1628 and was raised in 1961. Her oak was sprayed with polyethylene glycol for
        seventeen years. We follow the hull in its cradle by geodetic measurements of three hundred points and find
        that the stern leans to port by a millimetre a year. Samples from the lower deck have half the compressive
        strength of fresh oak across the grain, because sulphuric acid forms from iron bolts and bacterial sulphur.
        Replacing the bolts by stainless ones slowed the loss. A new cradle with sliding supports has been proposed to
        the museum.
        """,
    ),
    _loner(
        "bicycle balance",
        "physics.class-ph",
        "A riderless bicycle steers into the fall without gyroscopic help",
        """
        A bicycle pushed down a gentle slope without a rider stays upright by steering into the fall. Textbooks name
        the spin of the wheels and the trail of the front fork as causes. We built a small bicycle with
        counter-rotating wheels and negative trail, so that neither can act, and it still recovers from a sideways
        knock. The low and forward mass of the handlebar assembly makes the steering turn faster than the frame leans.
        Commuter bicycles, penny-farthings and recumbents are placed on the same chart. Children learn more easily
        with a lighter fork.
        """,
    ),
    _loner(
        "shape of a ponytail",
        "cond-mat.soft",
        "Curliness and sag: the outline of a human ponytail",
        """
        Leonardo compared falling hair with running water. A ponytail of a hundred thousand hairs takes a shape set by
        weight, bending and the swelling pressure of curly fibres. We cut switches of human hair shorter step by step
        and photographed their outline. One curve of pressure against density describes all lengths between five and
        twenty-five centimetres. Conditioner and damp air shift it by small amounts, hair spray does not. Wigs made of
        yak hair obey the same law. The Rapunzel number, length over sag, tells whether a braid hangs or springs.
        """,
    ),
    _loner(
        "swing of a cricket ball",
        "physics.pop-ph",
        "Late swing and the polished side: bowling with an old cricket ball",
        """
        A fast bowler can make a cricket ball swerve late in its flight towards the batsman. The raised seam trips the
        boundary layer on one half while the other, polished on the trousers, stays smooth. We bowled used balls from
        a machine across a crosswind table at speeds known from county matches. Conventional swing is largest at
        seventy miles per hour; reverse swing sets in above eighty-five once the leather is scuffed. Humid overcast
        mornings, dear to commentators, made no difference. Umpires may check the quarter seam for picking with
        fingernails.
        """,
    ),
    _loner(
        "lichens on gravestones",
        "q-bio.OT physics.geo-ph",
        "Crustose lichens on dated gravestones grow slower beside the motorway",
        """
        Gravestones bear a date, which makes churchyards ideal for measuring how fast lichens grow. We measured the
        largest thallus of four crustose species on eleven hundred slate and sandstone headstones in Wales. Growth in
        the first century is eight tenths of a millimetre a year on slate facing north. Beside the motorway, opened in
        1966, the newer stones carry hardly any yellow Caloplaca but more nitrogen-loving Xanthoria. Cleaning by
        relatives resets the clock and must be excluded. The curve dates undated walls and rockfalls nearby to within
        fifteen years.
        """,
    ),
    _loner(
        "Morse telegraphers",
        "cs.HC",
        "The fist of the operator: telling Morse telegraphers apart by their dashes",
        """
        Wireless operators claimed to know a colleague by his fist, the rhythm of his hand on the Morse key. We
        collected straight-key recordings of thirty-one radio amateurs and former ship's telegraphers aged fifty to
        ninety-four. The ratio of dash to dot and the pause inside the letters C and Q single out an operator within
        four words. The fist persists for decades, as tapes from 1958 show, yet changes with a new key for about a
        week. Fatigue lengthens pauses between words only. Semi-automatic bugs leave just the dashes to the hand.
        """,
    ),
    _loner(
        "lost hikers",
        "stat.AP",
        "Where lost hikers are found: distance and terrain in mountain rescue reports",
        """
        When a walker is reported missing, mountain rescue teams must decide where to search first. We coded 1,870
        reports of searches in Scotland and the Lake District with last known position, weather and place of finding.
        Half of the missing were found within two miles, most below the starting height and near a stream or a wall.
        Children hid from the searchers; people with dementia went straight on until they were stuck in bracken. Dogs
        found one in six. Rings drawn on the map of the first hour would have shortened one search in four.
        """,
    ),
    _loner(
        "camouflage of cuttlefish",
        "q-bio.NC",
        "Mottle, stripe or blotch: cuttlefish choose camouflage by the size of pebbles",
        """
        A cuttlefish changes its skin within a second to vanish against the sea floor. Chromatophores, little sacs of
        pigment opened by muscles, are set by motor neurons in the brain. We placed young Sepia officinalis on printed
        gravel of eleven sizes and photographed the mantle. Up to a third of the width of the white square the animal
        keeps a mottle, beyond it the body breaks into disruptive blotches. Contrast matters, colour does not, for the
        eye has one pigment. Asleep, the animals run through the same patterns without any background at all.
        """,
    ),
    _loner(
        "ball lightning",
        "physics.ao-ph physics.gen-ph",
        "Eyewitness reports of ball lightning inside houses and aircraft",
        """
        Glowing spheres that drift through rooms after a thunderclap have been reported for centuries. We sent
        questionnaires to 2,300 people who had written to newspapers and weather services about ball lightning, and
        kept the 412 answers with two witnesses or more. Typical spheres were as large as a grapefruit, orange,
        silent, and gone after five seconds, some with a bang and a smell of sulphur. Nine entered through closed
        windows. No instrument has ever caught one. We compare silicon vapour, microwaves in a bubble and after-images
        on the retina of the frightened.
        """,
    ),
    _loner(
        "kidney exchange",
        "cs.GT",
        "Chains begun by an altruist in a national kidney exchange",
        """
        A patient with a willing but incompatible donor may swap donors with another such pair. National programmes
        match blood groups and antibodies every three months and also start chains with an altruistic donor. We
        simulated eight years of a registry with 2,900 pairs. Letting chains run to length four gave seventeen per
        cent more transplants than swaps alone, above all for patients with many antibodies. Donors who withdrew after
        their partner had received a kidney broke one chain in thirty. Dialysis time fell by five months on average
        for those who waited longest.
        """,
    ),
    _loner(
        "prosthetic knees",
        "cs.RO",
        "Going downstairs on a prosthetic knee: hydraulic damping for above-knee amputees",
        """
        People who have lost a leg above the knee fear stairs, since a prosthesis that gives way means a fall. We
        fitted a hydraulic knee joint with a valve driven by a strain gauge in the shin tube to nine amputees aged
        twenty-six to seventy-one. Step over step descent became possible for seven of them on the first day. The
        socket pressed less on the stump, and the sound hip worked less hard. Users asked for a quieter valve and for
        a mode for cycling. Batteries lasted two days of ordinary walking.
        """,
    ),
    _loner(
        "jet lag of cabin crews",
        "q-bio.OT",
        "Melatonin and bright mornings: jet lag of cabin crews after eastward flights",
        """
        Flight attendants who cross eight time zones to the east sleep badly for a week. We took saliva samples from
        thirty-eight cabin crew members on the route from Frankfurt to Tokyo and had them wear wrist actimeters. The
        evening rise of melatonin moved by fifty minutes a day, by eighty if they walked outdoors in the morning with
        no sunglasses. Naps on board did not help. Women on night rosters for ten years shifted more slowly. Two crews
        who kept home time at the layover hotel slept best of all and were the only ones content.
        """,
    ),
    _loner(
        "omens of lake ice",
        "physics.ao-ph physics.hist-ph",
        "Shinto priests and the freezing of Lake Suwa since 1443",
        """
        When Lake Suwa in the Japanese mountains freezes, expansion heaves up a ridge of ice, the path of the god to
        his wife's shrine. Priests have entered the day of the crossing in the shrine's books since 1443. We compare
        these entries with the opening of the river port of Tornio in Finland. Years without ice came three times in
        two centuries before 1700 and every other winter after 1990. Freezing is later by twelve days a century.
        Volcanic winters stand out, as does the famine of the Tenmei years. The priests still meet at dawn every
        January to look.
        """,
    ),
    _loner(
        "cheese fondue",
        "cond-mat.soft",
        "Cheese fondue as a fluid. I. Gruyere, starch and the stringy limit",
        """
        Fondue is a national dish of Switzerland that fails when the melted cheese parts from the wine. We stirred
        Gruyere and Vacherin with Fendant wine in a heated rheometer and watched fat droplets under the microscope.
        Three grams of potato starch per hundred grams of cheese keep the casein from clumping; less and the pot
        curdles beyond rescue. Acid from the wine frees calcium and makes strings longer. Kirsch thins the melt. In
        this first part we treat smooth fondue on the plate; bread, forks and the crust at the bottom follow in the
        second.
        """,
    ),
    _loner(
        "cheese fondue",
        "cond-mat.soft",
        "Cheese fondue as a fluid. II. Bread, starch and the stringy limit",
        """
        Fondue is a national dish of Switzerland that fails when the melted cheese parts from the wine. We dipped
        cubes of white bread into Gruyere and Vacherin with Fendant wine in a heated pot and weighed what clung to the
        fork. Three grams of potato starch per hundred grams of cheese give the best coat; less and the pot curdles
        beyond rescue. Acid from the wine frees calcium and makes strings longer. Kirsch thins the melt. In this
        second part we treat bread, forks and the crust at the bottom; smooth fondue on the plate was the matter of
        the first.
        """,
    ),
)

SERIES = (len(LONERS) - 2, len(LONERS) - 1)
