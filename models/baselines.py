"""Simpler judges of the same incidents. Each gives a score per labelled row of a machine,
from that machine's own history and its past alone."""

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
    names = [place for place, name in enumerate(metrics) if name in ("load_1", "cpu_r")] or [0]
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


def novelty(history, values, metrics, models=6, clusters=2, lags=2):
    """In the manner of Netdata: two-means per metric and window of six hours, consensus of six."""
    from sklearn.cluster import KMeans

    def shaped(column):
        smooth = np.convolve(column, np.ones(3) / 3)[: len(column)]
        return np.stack([np.concatenate([np.full(lag, smooth[0]), smooth[: len(smooth) - lag]]) for lag in range(lags + 1)], 1)

    out = np.zeros(len(values))
    # Six hours of every twentieth minute.
    span = 18
    for place in range(values.shape[1]):
        before, now = shaped(history[:, place]), shaped(values[:, place])
        agree = np.zeros(len(values))
        starts = np.linspace(0, max(0, len(before) - span), models).astype(int)
        for start in starts:
            window = before[start : start + span]
            means = KMeans(clusters, n_init=1, max_iter=10, random_state=0).fit(window)
            near = means.transform(window).min(axis=1)
            far = means.transform(now).min(axis=1)
            agree += far > near.max() * 1.01 + 1e-6
        out += agree >= models
    return out / values.shape[1]


ALL = {
    "load average": load_average,
    "mean z-score": mean_deviation,
    "PCA residual": pca_residual,
    "Mahalanobis": mahalanobis,
    "Mahalanobis with steps": mahalanobis_steps,
    "k-means novelty (Netdata's manner)": novelty,
}
