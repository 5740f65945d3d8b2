"""What is measured: average precision, alarms, classes, calibration."""

import numpy as np

from agent import MOODS


def average_precision(label, score):
    order = np.argsort(-score, kind="stable")
    hits = label[order].astype(bool)
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float(precision[hits].mean()) if hits.any() else float("nan")


def by_machine(label, score, machine):
    each = [average_precision(label[machine == one], score[machine == one]) for one in np.unique(machine)]
    return float(np.nanmean(each))


def smoothed(score, minutes):
    """As the agent smooths trouble: exponentially over two minutes. One machine's, in order."""
    out, level = np.empty(len(score)), score[0]
    gaps = np.diff(np.asarray(minutes, float), prepend=float(minutes[0]))
    keep = np.exp(-np.minimum(gaps, 2) / 2)
    for place, (value, share) in enumerate(zip(score, keep)):
        level = value + share * (level - value)
        out[place] = level
    return out


def runs(flags):
    """Begin and end of each run of true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int), [0]])))
    return edges[::2], edges[1::2]


def alarms(label, alarm, minute, machine):
    """Event recall, false alarms per node-day, minutes to detection (median), and the share of
    the calm rows that an alarm stands over."""
    found, events, false, days, late, calm, over = 0, 0, 0, 0.0, [], 0, 0
    for one in np.unique(machine):
        rows = machine == one
        truth, said, at = label[rows].astype(bool), alarm[rows].astype(bool), minute[rows].astype(float)
        days += (at[-1] - at[0]) / 1440
        for begin, end in zip(*runs(truth)):
            events += 1
            hits = np.flatnonzero(said[begin:end])
            if len(hits):
                found += 1
                late.append(at[begin + hits[0]] - at[begin])
        calm, over = calm + int((~truth).sum()), over + int((said & ~truth).sum())
        false += sum(not truth[begin:end].any() for begin, end in zip(*runs(said)))
    return {
        "events": events,
        "recall": found / max(1, events),
        "false_per_day": float(false / max(days, 1e-9)),
        "false_share": over / max(1, calm),
        "minutes_to_detection": float(np.median(late)) if late else None,
    }


def by_class(truth, said):
    """Precision, recall and F1 of each mood."""
    out = {}
    for mood, name in enumerate(MOODS):
        hit = int(((truth == mood) & (said == mood)).sum())
        precision, recall = hit / max(1, int((said == mood).sum())), hit / max(1, int((truth == mood).sum()))
        out[name] = (precision, recall, 2 * precision * recall / max(1e-9, precision + recall))
    return out


def macro_f1(truth, said):
    """Of the moods that occur."""
    classes = by_class(truth, said)
    return float(np.mean([classes[MOODS[mood]][2] for mood in np.unique(truth)]))


def calibration_error(truth, probabilities):
    """Expected calibration error of the winning mood, 15 bins."""
    sure = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    bins = np.minimum((sure * 15).astype(int), 14)
    parts = [(bins == b).mean() * abs(right[bins == b].mean() - sure[bins == b].mean()) for b in np.unique(bins)]
    return float(sum(parts))
