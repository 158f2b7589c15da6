"""Why a number is null: the sentences that stand where it would."""

NO_PAIRS = "no task has answers of two annotators"
ONE_LABEL = "only one answer is in use, so agreement by chance cannot be told from agreement"
