"""python -m benchmarks [--quick] [NAME ...]: the figures, printed; ratios come from one run on one machine."""

import argparse
import importlib
import sys
import time

from sync.errors import TiebreakError

BENCHMARKS = {
    "agreement": "alpha, its bootstrap and all kappas from arrays, beside krippendorff and scikit-learn",
    "consensus": "Dawid-Skene at a million answers, GLAD and MACE, beside crowd-kit",
    "truth": "consensus against the truth of every real crowd that has one, beside all methods of crowd-kit",
    "export": "the reports on an export of 100,000 tasks, end to end",
    "shapes": "polygons and masks compared, beside shapely, pycocotools and numpy",
    "regions": "boxes and spans of all pairs of annotators, beside plain Python with scipy, and seqeval",
    "priority": "a million findings ranked, beside a loop in plain Python",
    "routing": "what reviewing the head of the queue does for the consensus, beside vote share and chance",
    "planted": "faults planted into clean data of every control family, and which of them are found",
    "label_errors": "label errors that people confirmed, CROWDLAB and ActiveLab, beside cleanlab",
    "spans": "consensus on names that a real crowd marked, beside votes; on masks, beside crowd-kit",
    "tagging": "names in news, learned and read, beside sklearn-crfsuite",
    "active": "learning from few labels, beside TF-IDF and logistic regression; what choosing labels saves",
    "calibration": "how sure the model says it is at 200 labels, beside scikit-learn's calibration; conformal sets",
    "score_texts": "a million texts scored by the default model, beside TF-IDF and logistic regression",
    "worth": "when labeling more is unlikely to help, and how many labels choosing has saved: do the answers hold?",
    "predict": "/predict at 1 and 50 tasks, beside a bare Flask app and the example of label-studio-ml",
    "rounds": "stored tasks scored anew, beside Label Studio's own retrieval; from an answer to the new order",
    "pull": "tasks pulled each second, beside the vendor's client and the same server's own endpoints; 10 changes",
    "push": "review tasks pushed each second, beside the same server's own import",
    "annotators": "what eight annotators at work feel of Tiebreak, beside blocks without it",
    "soak": "a thousand runs in one process: memory and open files",
    "store": "a million annotations stored, beside plain executemany; read as columns; assessed anew and unchanged",
    "dashboard": "every page over a million annotations: by one reader, and by fifty while a project is assessed",
    "audit": "events appended to the audit chain, and a million of them verified",
    "demo": "from nothing to the summary, warm and cold",
    "setup": "both virtual environments, warm and cold",
}


def main() -> int:
    """Run the benchmarks named, or all of them; 0 unless one could not run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = "; ".join(f"{name}: {what}" for name, what in BENCHMARKS.items())
    parser.add_argument("names", nargs="*", metavar="NAME", help=names)
    parser.add_argument("--quick", action="store_true", help="small sizes, nothing cold: does everything still run?")
    given = parser.parse_args()
    if unknown := [name for name in given.names if name not in BENCHMARKS]:
        parser.error(f"no benchmark is named {unknown[0]!r}; there are: {', '.join(BENCHMARKS)}")
    failed = False
    for name in given.names or BENCHMARKS:
        print(f"== {name}: {BENCHMARKS[name]}", flush=True)
        start = time.monotonic()
        try:
            importlib.import_module(f"benchmarks.{name}").run(quick=given.quick)
        except TiebreakError as error:
            failed = True
            print(f"   could not run: {error}", flush=True)
        print(f"   ({time.monotonic() - start:.0f} s)", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
