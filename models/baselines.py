"""Simpler judges of the same incidents. Each gives a score per labelled row of a machine,
from that machine's own history and its past alone."""

import warnings

import numpy as np


def own(history, values):
    """Robust deviations from the machine's history."""
    centre = np.median(history, axis=0)
    spread = np.maximum(history.std(axis=0), 0.01)
    return np.clip((history - centre) / spread, -20, 20), np.clip((values - centre) / spread, -20, 20)


def recent(values, count=5):
    sums = np.cumsum(np.vstack([np.zeros((1, values.shape[1])), values]), axis=0)
    last = np.arange(len(values))
    first = np.maximum(0, last - count + 1)
    return (sums[last + 1] - sums[first]) / (last + 1 - first)[:, None]


def load_average(history, values, metrics):
    names = [place for place, name in enumerate(metrics) if name in ("load_1", "cpu_r", "load1")] or [0]
    return values[:, names].max(axis=1)


def mean_deviation(history, values, metrics):
    return np.abs(own(history, values)[1]).mean(axis=1)


def pca_residual(history, values, metrics):
    known, now = own(history, values)
    middle = known.mean(axis=0)
    _, size, axes = np.linalg.svd((known - middle)[:: max(1, len(known) // 3000)], full_matrices=False)
    keep = np.searchsorted(np.cumsum(size**2) / (size**2).sum(), 0.9) + 1
    centred = now - middle
    return np.linalg.norm(centred - centred @ axes[:keep].T @ axes[:keep], axis=1)


def mahalanobis(history, values, metrics, steps=False):
    known, now = own(history, values)
    if steps:
        both = np.vstack([known, now])
        both = np.hstack([both, both - recent(both)])
        known, now = both[: len(known)], both[len(known) :]
    middle = known.mean(axis=0)
    spread = np.cov(known.T)
    spread = 0.9 * spread + 0.1 * np.diag(np.diag(spread)) + 0.05 * np.eye(len(spread))
    centred = now - middle
    return np.sqrt(np.einsum("ij,ij->i", centred @ np.linalg.inv(spread), centred))


def mahalanobis_steps(history, values, metrics):
    return mahalanobis(history, values, metrics, steps=True)


class Novelty:
    """In the manner of Netdata: two-means per metric and window of the history, consensus of
    six. A window has so many samples."""

    def __init__(self, history, span, models=6, clusters=2):
        from sklearn.cluster import KMeans
        from sklearn.exceptions import ConvergenceWarning

        def fit(window):
            means = KMeans(clusters, n_init=1, max_iter=10, random_state=0).fit(window)
            return means, means.transform(window).min(axis=1).max() * 1.01 + 1e-6

        with warnings.catch_warnings():
            # What stands still has one cluster, and that is no news.
            warnings.simplefilter("ignore", ConvergenceWarning)
            starts = np.linspace(0, max(0, len(history) - span), models).astype(int)
            columns = [self.shaped(column) for column in history.T]
            self.metrics = [[fit(before[start : start + span]) for start in starts] for before in columns]

    @staticmethod
    def shaped(column, lags=2):
        smooth = np.convolve(column, np.ones(3) / 3)[: len(column)]
        return np.stack([np.concatenate([np.full(lag, smooth[0]), smooth[: len(smooth) - lag]]) for lag in range(lags + 1)], 1)

    def score(self, values):
        """The share of metrics that all windows find new."""
        new = []
        for column, fits in zip(values.T, self.metrics):
            now = self.shaped(column)
            new.append(np.all([means.transform(now).min(axis=1) > far for means, far in fits], axis=0))
        return np.mean(new, axis=0)


def novelty(history, values, metrics):
    # Six hours of every twentieth minute.
    return Novelty(history, span=18).score(values)


NOVELTY = "k-means novelty (Netdata's manner)"
ALL = {
    "load average": load_average,
    "mean z-score": mean_deviation,
    "PCA residual": pca_residual,
    "Mahalanobis": mahalanobis,
    "Mahalanobis with steps": mahalanobis_steps,
    NOVELTY: novelty,
}


def of_recordings(played, plays, hours=3):
    """The score of each simpler judge for each labelled row of our recordings, in the order of
    the plays. Each judges by what stands before a recording, which is lent to it where a play
    has no past; vitals are scaled by their extremes, as the incident traces are."""
    low, high = np.nanmin(played.values, axis=0), np.nanmax(played.values, axis=0)
    scale = np.where(high > low, high - low, 1)
    calm = ("idle", "steady")
    scores, windows = {}, {}
    for every in sorted({play[0] for play in plays}):
        for number, kind in enumerate(played.kinds):
            now, mood = played.play(number, every)
            before = played.past(every, hours, but=(number,))
            history, now = (np.nan_to_num((part - low) / scale) for part in (before, now))
            both = np.vstack([history, now])
            whose = (every, number if kind in calm else None)
            if whose not in windows:
                windows[whose] = Novelty(history, span=len(history) // 6)
            for name, judge in ALL.items():
                told = windows[whose].score(both) if name == NOVELTY else judge(history, both, played.vitals)
                scores[name, every, number] = told[len(history) :][mood <= 3]
    numbers = range(len(played.kinds))
    return {
        name: np.concatenate([scores[name, every, number] for every, *_ in plays for number in numbers]) for name in ALL
    }
