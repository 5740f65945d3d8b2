"""Trains the mood model. Called by `models/train`; CARD.md says what and why.

Features come from the agent's own code (`node-agent/examples/features.rs`), so
that training and serving cannot differ. The network is small enough for plain
numpy: Gemm-Relu-Gemm-Relu-Gemm-Softmax, the scaler folded in as Sub and Mul.
"""

import argparse
import hashlib
import io
import pathlib
import subprocess

import numpy as np

import measure
import network

HERE = pathlib.Path(__file__).resolve().parent
MOODS = ["bored", "happy", "stressed", "crisis"]
HEAD = 4  # columns before the features: node, moods, rules' verdict, mark
CALM, TROUBLE = 0b0011, 0b1100

# Seeds of simulated fleets: never the same box in two of them.
TRAIN, CALIBRATE, TEST = (1, 600), (2, 100), (3, 200)
SMD_FOLDS = 5
SMD_SHARE = 0.25  # of the weight of the simulated rows


class Agent:
    """The agent's feature code, as a program."""

    def __init__(self, binary):
        if binary:
            self.command = [binary]
        else:
            self.command = ["cargo", "run", "--quiet", "--release", "--package", "node-agent"]
            self.command += ["--example", "features", "--"]
        first, *self.schema = self.text("schema").splitlines()
        self.hash, inputs = first.split()
        self.inputs = int(inputs)
        self.features = self.inputs // 2
        lines = [line for line in self.schema[1:] if "least spread" not in line]
        assert len(lines) == self.features, "a line per feature"
        self.names = [line.split()[0] for line in lines]

    def run(self, *arguments, stdin=None):
        done = subprocess.run([*self.command, *arguments], input=stdin, stdout=subprocess.PIPE, check=True, cwd=HERE)
        return done.stdout

    def text(self, *arguments):
        return self.run(*arguments).decode()

    def rows(self, *arguments, stdin=None):
        raw = self.run(*arguments, stdin=stdin)
        return np.frombuffer(raw, "<f4").reshape(-1, HEAD + self.inputs)

    def lives(self, seed, count, every):
        return self.rows("lives", "--seed", str(seed), "--count", str(count), "--every", str(every))


def smd(agent):
    """Rows of the incident traces, with the machine's number as the node."""
    data = np.load(HERE / "data" / "smd.npz")
    moods = np.select([data["label"] == 0, data["label"] == 1], [CALM, TROUBLE], 0)
    table = io.StringIO()
    table.write("node,at_ms,moods," + ",".join(data["vitals"]) + "\n")
    values = data["values"].astype(np.float64) / 255
    for machine, minute, mood, row in zip(data["machine"], data["minute"], moods, values):
        cells = ",".join(f"{value:.4f}" for value in row)
        table.write(f"{machine},{int(minute) * 60_000},{mood},{cells}\n")
    return agent.rows("trace", "--relative", stdin=table.getvalue().encode()), len(data["machines"])


def masks(rows):
    """Which moods may be true, one column each."""
    return (rows[:, 1].astype(int)[:, None] >> np.arange(4) & 1).astype(np.float32)


def training_set(lives, traces):
    x = np.concatenate([lives[:, HEAD:], traces[:, HEAD:]])
    y = np.concatenate([masks(lives), masks(traces)])
    each = SMD_SHARE * len(lives) / max(1, len(traces))
    weight = np.concatenate([np.ones(len(lives)), np.full(len(traces), each)]).astype(np.float32)
    return x, y, weight


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--features", help="an already built `features` example, instead of cargo")
    parser.add_argument("--epochs", type=int, default=14)
    options = parser.parse_args()

    agent = Agent(options.features)
    print(f"schema {agent.hash[:16]}, {agent.features} features")
    lives = agent.lives(*TRAIN, every=20)
    calibration = agent.lives(*CALIBRATE, every=20)
    test = agent.lives(*TEST, every=20)
    traces, machines = smd(agent)
    # Neighbouring minutes say the same: every fifth calm one is enough to learn from.
    thinned = traces[(traces[:, 1] == TROUBLE) | (traces[:, 3] % 5 == 0)].copy()
    print(f"{len(lives)} simulated rows, {len(thinned)} of {len(traces)} recorded ones")

    fit = lambda rows, seed, epochs: network.train(*training_set(lives, rows), agent.names, seed, epochs)

    # Machines never seen: one network per fold.
    score = np.zeros(len(traces), np.float32)
    for fold in range(SMD_FOLDS):
        held = traces[:, 0].astype(int) % SMD_FOLDS == fold
        known = thinned[thinned[:, 0].astype(int) % SMD_FOLDS != fold]
        probabilities = fit(known, 100 + fold, max(4, options.epochs // 2)).probabilities(traces[held][:, HEAD:])
        score[held] = probabilities[:, 2:].sum(axis=1)
        print(f"fold {fold} done")

    model = fit(thinned, 7, options.epochs)
    model.calibrate(calibration[:, HEAD:], masks(calibration))

    digest = hashlib.sha256((HERE / "data" / "smd.npz").read_bytes())
    digest.update(lives.tobytes())
    metadata = {
        "goldentooth.schema": agent.hash,
        "goldentooth.features": "\n".join(agent.schema),
        "goldentooth.moods": ",".join(MOODS),
        "goldentooth.data": digest.hexdigest(),
    }
    size = model.export(HERE / "mood.onnx", metadata, "1")
    golden(HERE / "golden.csv", test, traces)
    report = measure.report(agent, model, test, traces, score, machines, size)
    (HERE / "report.md").write_text(report)
    print(report)


def golden(path, test, traces):
    """Features, and what ONNX Runtime says of them, as f32 in hex bits."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(HERE / "mood.onnx"), providers=["CPUExecutionProvider"])
    picks = np.concatenate([test[:: len(test) // 40][:40], traces[:: len(traces) // 8][:8]])[:, HEAD:]
    lines = ["# per line: the model's inputs, then its four outputs in ONNX Runtime; f32 as hex bits"]
    for row in picks:
        said = session.run(None, {"features": row[None, :]})[0][0]
        numbers = np.concatenate([row, said]).astype("<f4")
        lines.append(",".join(f"{bits:x}" for bits in numbers.view("<u4")))
    path.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
