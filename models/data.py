"""What is learned from: simulated boxes, our recordings, incidents of real servers."""

import numpy as np

from agent import HEAD, Incidents, trace
from recordings import CRISIS, PACKED, PLAYED, STRESSED, UNLABELLED, Recordings

# Seeds of simulated fleets: never the same box in two of them.
TRAIN, CALIBRATE, TEST = (1, 500), (2, 60), (3, 100)
# How a recording is played: samples per row, hours of past, board (see trace.rs).
PLAYS = [
    (1, 3, 0), (1, 0, 0), (1, 3, 1), (1, 0, 4), (2, 3, 2), (3, 3, 3), (3, 0, 1), (6, 3, 4), (6, 3, 0), (6, 0, 2),
]
# What else the box may hold while a recording is played, in % of its disk and memory, and
# how many processes more or fewer: of what stands still, a recording shows one box alone.
HOLDINGS = [(33, 0, 0), (5, 20, 60), (55, 8, -50), (75, 35, 120), (15, 0, 30), (92, 15, 250), (40, 25, 0)]
# Calm minutes say the same as their neighbours: one in so many is enough to learn from.
THIN = 5
# Every machine weighs the same, and so much of it are its incidents: how many it had, and
# how long they took, is its own affair.
INCIDENT_SHARE = 0.05
# What people noted is coarse: minutes within an incident look like any other, and odd ones
# lie outside. So a label counts for a fifth, and the node's own distances for the rest: as
# trouble, where their sum is beyond `FAR` (on the features' scale; the joint one alone is then
# beyond 1.1 spreads as often as not).
BELIEVED, FAR, STEEP = 1 / 5, 0.49, 9.0
TEACHERS = {"distance log": 1.0, "distance root mean square": 0.5, "share far out": 0.5}


class Rows:
    """Features, the moods that may be true (with their shares), weights, groups, and how
    likely it is that one of the other moods is true after all."""

    def __init__(self, x, y, weight, group, doubt=None):
        self.x, self.y, self.weight, self.group = x, y, weight.astype(np.float64), group
        self.doubt = np.zeros(len(x)) if doubt is None else doubt

    def columns(self):
        return self.x, self.y, self.weight, self.group, self.doubt

    def only(self, keep):
        return Rows(*(column[keep] for column in self.columns()))

    @staticmethod
    def joined(parts):
        columns = zip(*(part.columns() for part in parts))
        return Rows(*(np.concatenate(column) for column in columns))

    def weighing(self, total):
        return Rows(self.x, self.y, self.weight * (total / self.weight.sum()), self.group, self.doubt)


def allowed(moods):
    return (moods.astype(int)[:, None] >> np.arange(4) & 1).astype(np.float32)


def simulated(agent, which):
    rows = agent.lives(*which, every=20)
    return Rows(rows[:, HEAD:], allowed(rows[:, 1]), np.ones(len(rows)), rows[:, 0].astype(int)), rows


def incidents(agent, name):
    """All labelled rows, and a thinned set to learn from."""
    source = Incidents.packed(name)
    rows = agent.trace(source.trace(), relative=True)
    hit = rows[:, 1] == 12
    # An incident that people noted is nearer to a crisis than to stress.
    y = np.where(hit[:, None], np.float32([0, 0, 0.5, 1]), np.float32([1, 1, 0, 0])).astype(np.float32)
    machine = rows[:, 0].astype(int)
    keep = hit | (np.arange(len(rows)) % THIN == 0)
    weight = np.zeros(len(rows))
    for one in np.unique(machine):
        for mood, share in ((hit, INCIDENT_SHARE), (~hit, 1 - INCIDENT_SHARE)):
            some = keep & mood & (machine == one)
            weight[some] = share / max(1, some.sum())
    x = rows[:, HEAD:]
    strange = sum(share * x[:, agent.place(name)].astype(np.float64) for name, share in TEACHERS.items())
    far = 1 / (1 + np.exp(-STEEP * (strange - FAR)))
    full = Rows(x, y, weight, machine, (1 - BELIEVED) * np.where(hit, 1 - far, far))
    return source, full, full.only(keep)


def since_change(mood):
    """How many samples each lies behind the last change of the label, or before the next."""
    changes = np.flatnonzero(np.diff(mood.astype(int))) + 1
    place = np.arange(len(mood))
    edges = np.concatenate([[-np.inf], changes, [np.inf]])
    nth = np.searchsorted(changes, place, side="right")
    return np.minimum(place - edges[nth], edges[nth + 1] - 1 - place)


def recorded(agent, path=PACKED, plays=PLAYS):
    """Rows of our recordings in every way of playing; the group is the recording."""
    source = Recordings(path)
    parts = []
    names = [*source.vitals, "board"]
    for turn, (every, hours, board) in enumerate(plays):
        nodes, ats, moods, values, shift = [], [], [], [], []
        for number in range(len(source.names)):
            now, mood = source.play(number, every)
            before = source.past(every, hours, but=(number,)) if hours else now[:0]
            count = len(before) + len(now)
            nodes.append(np.full(count, number))
            # As an agent starts: two samples a second apart.
            ats.append(np.arange(count) * every * PLAYED * 1000 + number * 7_000)
            # What carries no label is lived through, and not learned from.
            truth = np.where(mood == UNLABELLED, 0, 1 << np.minimum(mood, CRISIS).astype(int))
            moods.append(np.concatenate([np.zeros(len(before)), truth]))
            shift.append(np.concatenate([np.full(len(before), np.inf), since_change(mood) * every * PLAYED]))
            both = source.holding(np.concatenate([before, now]), *HOLDINGS[(3 * number + turn) % len(HOLDINGS)])
            values.append(np.column_stack([both, np.full(count, board)]))
        bytes_ = trace(names, np.concatenate(nodes), np.concatenate(ats), np.concatenate(moods), np.concatenate(values))
        rows = agent.trace(bytes_, relative=False)
        part = Rows(rows[:, HEAD:], allowed(rows[:, 1]), np.full(len(rows), every), rows[:, 0].astype(int))
        part.play = np.full(len(rows), turn)
        part.ruled = rows[:, 2].astype(int)
        part.bytes = bytes_
        part.shift = np.concatenate(shift)[np.concatenate(moods) > 0]
        parts.append(part)
    joined = Rows.joined(parts)
    joined.play = np.concatenate([part.play for part in parts])
    joined.ruled = np.concatenate([part.ruled for part in parts])
    joined.shift = np.concatenate([part.shift for part in parts])
    joined.traces = [part.bytes for part in parts]
    return source, joined


__all__ = ["CRISIS", "STRESSED", "Rows", "incidents", "recorded", "simulated"]
