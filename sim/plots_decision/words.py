"""What the figures of a decision and of discoveries say, in English; sim.report has the same keys in other languages."""

from collections.abc import Mapping

WORDS: Mapping[str, str] = {
    "thousands": ",",
    "mean_trust": "mean trust",
    "incidence": "crimes",
    "complaint_rate": "complaints",
    "cost": "extra cost",
    "pay_axis": "what one {unit} is worth (thousand pesos)",
    "best_strip": "best on average:",
    "loss_title": "What is lost, on average, by choosing each option",
    "loss_what": "What is given up, on average over all draws, if this option is chosen although another may turn out better. The lowest "
    "line is the best choice. Its height (gray) is what deciding with today's knowledge costs: nothing that could be found out is worth "
    "more. Shaded: precision of the mean (95 %), not the range over draws.",
    "loss_axis": "expected loss (thousand pesos)",
    "loss_log": "expected loss (thousand pesos;\neach main line is ten times the one below)",
    "acceptability_title": "How probable it is that each option is the best",
    "acceptability_what": "Of 100 draws of everything uncertain, in how many is the option worth more than every other? Luck is averaged "
    "out. Thick gray: the option that is best on average, which need not be the one that is best most often. "
    "Shaded: precision of the share (95 %).",
    "acceptability_axis": "in how many of 100 draws it is the best",
    "plane_title": "What each reform gains, and what it costs",
    "plane_what": "A small mark: one draw of everything uncertain. A large one: the mean. Outlines hold about 95 of 100 draws. Below a "
    "slanted line a reform is worth its cost if one {unit} is worth what is written there.",
    "plane_beyond": "Outside the figure: {share} of 100 draws.",
    "plane_x": "gain compared with {vs} (1: one {unit})",
    "plane_y": "extra cost (thousand pesos)",
    "plane_line": "worth it at {pay}",
    "better_dearer": "HELPS, COSTS MORE",
    "better_cheaper": "HELPS AND SAVES MONEY",
    "worse_dearer": "HARMS AND COSTS MORE",
    "worse_cheaper": "HARMS, SAVES MONEY",
    "information_title": "What would be worth finding out first?",
    "information_what": "How much better the choice would be, on average, if this one number (left) or everything about a topic (right) "
    "were known before choosing; if one {unit} is worth {pay} thousand pesos. Knowing everything would be worth {evpi}. Thin lines: "
    "precision (95 %); the longest first. Not shown, because knowing it would not change the choice: {many} numbers.",
    "information_factor": "one number (thousand pesos)",
    "information_topic": "a whole topic (thousand pesos)",
    "information_none": "No bar is clearly above 0: nothing by itself is sure to be worth knowing.",
    "nothing": "nothing",
    "regret_title": "What could be regretted",
    "regret_what": "By how much (thousand pesos) the option falls short of the one that turns out best: on average, in the 5th worst and "
    "in the worst of 100 draws; for three answers to what one {unit} is worth. Boxed: the least of its column. To be safe whatever turns "
    "out, choose the least in the column of the worst.",
    "regret_pay": "one {unit} is worth {pay}",
    "expected": "on average",
    "q95": "5th worst\nof 100",
    "most": "worst\nof 100",
    "pareto_title": "Is there one reform that is best in everything?",
    "pareto_what": "Mean effect on trust (to the right is better) and on crime, complaints and cost (down is better). Filled: nothing "
    "else is at least as good in all of them. Hollow: another option is, so no weights could make it the choice.",
    "pareto_x": "effect on mean trust (scale from 0 to 1)",
    "pareto_note": "{arm}: outdone by {other}",
    "pareto_more": "{other} and {many} more",
    "better": "better",
    "contested_title": "Would the choice be another one if a contested number were known?",
    "contested_what": "The draws are cut into thirds by each number. In each third: the option that is best on average, and in how many "
    "of 100 draws it is the best; if one {unit} is worth {pay} thousand pesos. Boxed rows: the choice differs between thirds.",
    "low": "lowest third",
    "middle": "middle third",
    "high": "highest third",
    "rest": "Factors that matter less and are left out: {many}.",
    "tradeoff_title": "Where {arm} fails: how much a rule catches, how often it is right",
    "tradeoff_what": "A case: a draw in which the reform {fails}. Each mark is a rule that says where that happens, narrower step by step. "
    "To the right: more of the cases lie inside. "
    "Up: more of what lies inside is a case. Numbers: how many factors the rule names. Dashed: how often it happens anywhere ({share} of "
    "100 draws).",
    "tradeoff_x": "cases that lie inside (of 100)",
    "tradeoff_y": "draws inside that are cases (of 100)",
    "tradeoff_chosen": "the rule chosen ({many})",
    "tradeoff_base": "all draws",
    "box_title": "Where {arm} fails",
    "box_what": "A case: a draw in which the reform {fails}. Inside all these bars that happens in {density} of 100 draws; anywhere, in "
    "{share}. They hold {coverage} of 100 cases. "
    "Gray: all values that the number may have, by rank; dark: the part in which it happens. Right: how likely chance alone would cut so "
    "deep (p), and in how many of 100 resamples the same end is cut.",
    "log_odds": "Log-odds measure how likely something is: 1 more takes 50 in 100 to 73, 2 more to 88.",
    "box_x": "share of the draws with a lower value (%)",
    "box_note": "p {p}; {again} of 100",
    "below": "below {value}",
    "above": "above {value}",
    "between": "{low} to {high}",
    "among": "one of: {values}",
    "lowers": "lowers {measure}",
    "raises": "raises {measure}",
    "condition": "makes {condition} true",
    "measured": "measured",
    "calibrated": "calibrated",
    "assumed": "assumed",
    "contested": "contested",
    "lever": "how the reform is made",
}
