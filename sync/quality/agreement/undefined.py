"""Why a number is null: the sentences that stand where it would."""

NO_PAIRS = "no task has answers of two annotators"
ONE_LABEL = "only one answer is in use, so agreement by chance cannot be told from agreement"
CERTAIN = "agreement by chance would be certain, so it cannot be told from agreement"
NO_CATEGORIES = "these answers are no categories, so none agree by chance: see krippendorff_alpha"
NO_COMMON = "nobody else answered one of their tasks"
NO_KAPPA = "these answers are no categories, so a pair has no kappa"
NO_LABEL = "no answer has this label, or every one, so agreement by chance cannot be told from agreement"
TOO_MANY = "there are too many different answers to take them as categories: see krippendorff_alpha"
TWO_ANNOTATORS = "it is for exactly two annotators: see conger_kappa and fleiss_kappa, or the pairs"
NO_UNITS = "it needs regions that are spans or segments"
NO_NUMBERS = "it needs answers that are numbers"
INCOMPLETE = "fewer than 2 tasks were answered by all annotators: see icc_1"
NO_SPREAD = "nothing varies, so there is no variance to share out"
NO_WITHIN = "no two answers to one task, or all tasks in one: variance within and between cannot be told apart"


class Undefined(Exception):
    """A number that does not exist here; its text is the reason."""
