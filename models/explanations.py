"""Ways to say which two vitals speak loudest for a mood, held against each other: how
much of the mood's probability is lost once the two that a way names are taken away, and
how many rows the network is asked for."""

import numpy as np

from agent import MOODS

STEPS = 16
NAMED = 2
CANDIDATES = 3
ROWS = 3_000


class Asked:
    """An ONNX file as numpy, with its gradient."""

    def __init__(self, path):
        import onnx

        arrays = {one.name: onnx.numpy_helper.to_array(one) for one in onnx.load(path).graph.initializer}
        self.layers = [(arrays[f"weight{place}"], arrays[f"bias{place}"]) for place in range(3)]

    def forward(self, x):
        kept = []
        for place, (weight, bias) in enumerate(self.layers):
            x = x @ weight + bias
            if place < 2:
                kept.append(x > 0)
                x = np.maximum(x, 0)
        e = np.exp(x - x.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True), kept

    def of(self, x, mood):
        return self.forward(x)[0][np.arange(len(x)), mood]

    def gradient(self, x, mood):
        """Of the mood's probability, by the inputs."""
        p, kept = self.forward(x)
        own = p[np.arange(len(x)), mood]
        delta = -p * own[:, None]
        delta[np.arange(len(x)), mood] += own
        for place in (2, 1, 0):
            delta = delta @ self.layers[place][0].T
            if place:
                delta = delta * kept[place - 1]
        return delta


def without(x, places):
    x = x.copy()
    x[:, places] = 0
    return x


def compared(agent, path, x):
    """Figures of each way on rows in trouble."""
    net = Asked(path)
    count = len(agent.names)
    vitals = list(dict.fromkeys(agent.names[: agent.unnamed]))
    places = []
    for vital in vitals:
        columns = [place for place, name in enumerate(agent.names) if name == vital]
        places.append(columns + [count + place for place in columns])
    mood = net.forward(x)[0].argmax(axis=1)
    chosen = np.flatnonzero(mood >= MOODS.index("stressed"))
    chosen = chosen[:: max(1, len(chosen) // ROWS)][:ROWS]
    x, mood = x[chosen], mood[chosen]
    whole = net.of(x, mood)
    lost = np.stack([whole - net.of(without(x, columns), mood) for columns in places], axis=1)
    once = net.gradient(x, mood) * x
    many = np.mean([net.gradient(x * (step + 0.5) / STEPS, mood) for step in range(STEPS)], axis=0) * x
    by_vital = lambda each: np.stack([each[:, columns].sum(axis=1) for columns in places], axis=1)
    far = np.full((len(x), len(vitals)), -np.inf)
    for place, line in enumerate(agent.lines):
        if line.endswith("deviation signed log"):
            far[:, vitals.index(line.split()[0])] = np.abs(x[:, place])
    near = np.argsort(-far, axis=1)[:, :CANDIDATES]
    few = np.full_like(lost, -np.inf)
    np.put_along_axis(few, near, np.take_along_axis(lost, near, axis=1), axis=1)
    ways = {
        "each vital taken away": (lost, len(vitals)),
        f"the {CANDIDATES} farthest from normal taken away": (few, CANDIDATES),
        f"integrated gradients, {STEPS} steps": (by_vital(many), 2 * STEPS),
        "gradient times input": (by_vital(once), 2),
        "farthest from normal, no question asked": (far, 0),
    }
    best = np.argsort(-lost, axis=1)[:, 0]
    out = {}
    for name, (loudness, asked) in ways.items():
        two = np.argsort(-loudness, axis=1)[:, :NAMED]
        gone = x.copy()
        for row, named in enumerate(two):
            gone[row, [column for vital in named for column in places[vital]]] = 0
        out[name] = {
            "lost": float((whole - net.of(gone, mood)).mean()),
            "first": float((two == best[:, None]).any(axis=1).mean()),
            "rows": asked,
        }
    return out
