"""Words that tables, figures and reports use, for `confianza explain terms`."""


TERMS = {
    "adult": "A person of 18 or more who lives in the city: stopped, robbed, told by others, asked in surveys. The unit of all shares.",
    "arm": "What is compared: a list of reforms in a study. The baseline and the placebo are always there.",
    "baseline": "The arm without reforms. Effects are differences from it, unless the study's key `vs` names another arm.",
    "placebo": "All reforms of the study at dose 0. It must equal the baseline in every week, to the last bit; else compare refuses.",
    "replicate": "One run of every arm with the same luck. Another replicate has other luck, and another draw of the posterior, if any.",
    "luck": "All random numbers of a run. They are keyed to who does what in which week, so that arms share them.",
    "draw": "One set of values of all that is uncertain: a city that calibration has not ruled out.",
    "point": "One set of values of what varies in a study, at which every arm is run.",
    "posterior": "The draws that calibration left, with their weights: what is known of parameters after looking at a place's surveys.",
    "paired effect": "The difference between an arm and the baseline in the same replicate; luck that both share drops out.",
    "range (5-95 %)": "Where nine of ten replicates lie: possible cities (draws of a posterior), luck included; without one, luck alone.",
    "sign": "In how many replicates, of 100 or of all, the effect has the sign of its mean; 50 of 100 is the toss of a coin.",
    "precision": "Half of a mean's 95 % interval: how exactly the runs know it. More runs make it smaller; how far cities differ stays.",
    "VR": "Variance reduction: how many times as many runs with luck of their own it would take to know an effect as well.",
    "half_width": "In a study's rule for when to stop: the precision of the mean effect that is good enough.",
    "ICC": "Intraclass correlation: the share of the variance of answers that lies between neighborhoods.",
    "Q2": "Share of the variance that an emulator foretells at points it has not seen: 1 is all, 0 no more than the mean. Validated: at "
    "random points that are not of the design. On the design's own points alone it may be flattered.",
    "emulator": "A fast statistical copy of what the model makes of its parameters, fitted to the runs of a study.",
    "total index": "Share of an output's variance in which a factor has a part, alone or with others (Sobol).",
    "net benefit": "Willingness to pay x benefit - cost, in thousand pesos.",
    "expected loss": "What is lost on average by choosing an arm, because in some draws another is better.",
    "EVPI": "Expected value of perfect information: what it is worth, for this decision, to know all that varies before choosing.",
    "EVPPI": "The same for one number or one topic: an upper limit for what a study that measures it may cost.",
    "box": "A few limits on parameters inside which a condition holds much oftener than elsewhere (PRIM).",
    "coverage, density": "Of a box: the share of all failures that it holds, and the share of its draws that are failures.",
}
