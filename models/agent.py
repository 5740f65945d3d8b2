"""The agent's own feature and mood code, as a program, and the traces that it takes."""

import pathlib
import subprocess

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
MOODS = ["bored", "happy", "stressed", "crisis"]
HEAD = 4  # columns before the features: node, moods, rules' verdict, mark
CALM, TROUBLE = 0b0011, 0b1100
# No mood, and yet to be written.
HISTORY = 0b10000


class Agent:
    def __init__(self, binary=None):
        self.command = [str(binary)] if binary else self.built()
        first, *self.schema = self.run("schema").decode().splitlines()
        self.hash, inputs = first.split()
        self.inputs = int(inputs)
        self.features = self.inputs // 2
        lines = [line for line in self.schema[1:] if "least spread" not in line]
        assert len(lines) == self.features, "a line per feature"
        self.lines = lines
        self.names = [line.split()[0] for line in lines]
        # Where the features begin that name no vital.
        self.unnamed = lines.index(next(line for line in lines if line.startswith("distance ")))

    def place(self, name):
        """Where the feature stands whose line begins with this."""
        return next(place for place, line in enumerate(self.lines) if line.startswith(name))

    @staticmethod
    def built():
        build = ["cargo", "build", "--quiet", "--release", "--locked", "--package", "node-agent"]
        subprocess.run([*build, "--example", "features"], check=True, cwd=HERE)
        return [str(HERE.parent / "target/release/examples/features")]

    def run(self, *arguments, stdin=None):
        done = subprocess.run([*self.command, *arguments], input=stdin, stdout=subprocess.PIPE, check=True)
        return done.stdout

    def rows(self, *arguments, stdin=None):
        return np.frombuffer(self.run(*arguments, stdin=stdin), "<f4").reshape(-1, HEAD + self.inputs)

    def lives(self, seed, count, every):
        """Features of simulated lives."""
        return self.rows("lives", "--seed", str(seed), "--count", str(count), "--every", str(every))

    def judge(self, trace, model, relative):
        """Node, row, trouble, four probabilities, mood (-1: none) of each labelled row."""
        options = [*(["--model", str(model)] if model else []), *(["--relative"] if relative else [])]
        return np.frombuffer(self.run("judge", *options, stdin=trace), "<f4").reshape(-1, 8)

    def scored(self, trace):
        """The same of a trace whose only column is a score from 0 to 1, as if it were trouble."""
        return np.frombuffer(self.run("scored", stdin=trace), "<f4").reshape(-1, 8)

    def trace(self, trace, relative, every=1):
        """Features of each `every`-th labelled row."""
        options = ["--every", str(every), *(["--relative"] if relative else [])]
        return self.rows("trace", *options, stdin=trace)


def trace(names, node, at_ms, moods, values):
    """The bytes that the agent's program reads."""
    head = ("node,at_ms,moods," + ",".join(names) + "\n").encode()
    return head + np.column_stack([node, at_ms, moods, values]).astype("<f8").tobytes()


class Incidents:
    """A labelled trace of machines whose metrics are scaled by their own extremes."""

    def __init__(self, machines, metrics, machine, minute, label, values):
        self.machines, self.metrics = [str(name) for name in machines], [str(name) for name in metrics]
        self.machine, self.minute, self.label, self.values = machine, minute, label, values

    @classmethod
    def packed(cls, name):
        data = np.load(HERE / "data" / f"{name}.npz")
        values = data["values"].T.astype(np.float64) / 255
        return cls(data["machines"], data["metrics"], data["machine"].astype(int), data["minute"], data["label"], values)

    def every(self, minutes):
        """The same with every so many-th row of each machine."""
        keep = np.concatenate([np.flatnonzero(self.machine == one)[::minutes] for one in np.unique(self.machine)])
        columns = (self.machine, self.minute, self.label, self.values)
        return Incidents(self.machines, self.metrics, *(column[keep] for column in columns))

    def trace(self, history=0):
        """As the agent's program takes it; `history` marks the rows that carry no label."""
        moods = np.select([self.label == 0, self.label == 1], [CALM, TROUBLE], history)
        return trace(self.metrics, self.machine, self.minute.astype(np.float64) * 60_000, moods, self.values)
