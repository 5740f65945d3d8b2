"""A small network in plain numpy, and its export to ONNX."""

import hashlib

import numpy as np

HIDDEN = (31, 16)
OUTPUTS = 4
# So many networks of different seeds are one in the end: their logits' mean.
MEMBERS = 2
BATCH = 1024
RATE = 3e-3
DECAY = 1e-4
# Learned in double precision: rounding grows over thousands of steps, and single precision's
# would be seen in the figures of a machine that sums in another order.
PRECISION = np.float64
# Learned too well: what is held back is less certain than what was learned from. So the
# logits are scaled by this besides, at which the error of calibration on unseen strengths and
# on unseen kinds of faults was the same, by another partition than the report's
# (`report.even` finds its own anew).
COOLED = 0.58
# A scale below this would make noise of a rare flag.
LEAST_SCALE = 0.1
# First words of the features that name no vital: they depend on no single sensor.
UNNAMED = {"distance", "deviation", "step", "share"}


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def surprise(p, y, doubt):
    """Of each row: how surprising what is true is to these probabilities, and which
    probabilities would surprise less. True is one of the moods `y`, or, as likely as there
    is `doubt`, one of the others."""
    loss, wanted = np.zeros(p.shape[:-1], p.dtype), np.zeros_like(p)
    for moods, share in ((y, 1 - doubt), ((y == 0).astype(p.dtype), doubt)):
        among = p * moods
        sums = among.sum(axis=-1) + 1e-9
        loss -= share * np.log(sums)
        wanted += among * (share / sums)[..., None]
    return loss, wanted


class Members:
    """Networks of different seeds that learn side by side, from the same batches: two hidden
    layers each, and a straight way from the inputs past them."""

    def __init__(self, x, seed):
        self.centre = x.mean(axis=0, dtype=PRECISION)
        self.factor = 1 / np.maximum(x.std(axis=0, dtype=PRECISION), LEAST_SCALE)
        sizes = [x.shape[1], *HIDDEN, OUTPUTS]
        draws = [np.random.default_rng([seed, place]) for place in range(MEMBERS)]
        # Of each layer, and of each member in it.
        self.weights = [
            np.stack([rng.standard_normal((a, b)) * np.sqrt(2 / a) for rng in draws]).astype(PRECISION)
            for a, b in zip(sizes, sizes[1:])
        ]
        self.biases = [np.zeros((MEMBERS, 1, b), PRECISION) for b in sizes[1:]]
        self.past = np.zeros((MEMBERS, x.shape[1], OUTPUTS), PRECISION)

    def layers(self, x):
        """Of each member what each layer says, the inputs on their scale as the first."""
        activations = [((x - self.centre) * self.factor)[None]]
        for place, (weight, bias) in enumerate(zip(self.weights, self.biases)):
            z = activations[-1] @ weight + bias
            activations.append(np.maximum(z, 0) if place < len(HIDDEN) else z + activations[0] @ self.past)
        return activations


class Network:
    """The members as one network of three layers, as it is exported: the scaler is
    folded into the first, and the straight way leads through both hidden layers, once
    as it is and once turned around, of which a Relu lets one pass."""

    def __init__(self, members):
        weights, biases, factor = members.weights, members.biases, members.factor[:, None]
        past = members.past.mean(axis=0) * factor
        first = np.hstack(weights[0] * factor)
        first_bias = np.concatenate([bias[0] for bias in biases[0]]) - members.centre @ first
        past_bias = -members.centre @ past
        one = [np.hstack([first, past, -past]), np.concatenate([first_bias, past_bias, -past_bias])]
        a, b = HIDDEN
        width = 2 * OUTPUTS
        middle = np.zeros((MEMBERS * a + width, MEMBERS * b + width))
        for n in range(MEMBERS):
            middle[n * a : (n + 1) * a, n * b : (n + 1) * b] = weights[1][n]
        middle[MEMBERS * a :, MEMBERS * b :] = np.eye(width)
        middle_bias = np.concatenate([*(bias[0] for bias in biases[1]), np.zeros(width)])
        last = np.vstack([*(weights[2] / MEMBERS), np.eye(OUTPUTS), -np.eye(OUTPUTS)])
        last_bias = biases[2].mean(axis=0)[0]
        self.layers = [one, [middle, middle_bias], [last, last_bias]]
        self.layers = [[part.astype(np.float32) for part in layer] for layer in self.layers]

    def logits(self, x):
        for place, (weight, bias) in enumerate(self.layers):
            x = x @ weight + bias
            x = np.maximum(x, 0) if place < 2 else x
        return x

    def probabilities(self, x):
        return np.concatenate([softmax(self.logits(part)) for part in np.array_split(x, 1 + len(x) // 65536)])

    def calibrate(self, rows):
        """One temperature, folded into the last layer: what serves these rows best, and `COOLED`."""
        logits = self.logits(rows.x)
        scales = np.geomspace(0.1, 2.5, 97)
        losses = [(surprise(softmax(logits * scale), rows.y, rows.doubt)[0] * rows.weight).sum() for scale in scales]
        self.cool(scales[int(np.argmin(losses))] * COOLED)

    def cool(self, scale):
        self.layers[-1] = [part * np.float32(scale) for part in self.layers[-1]]

    def export(self, path, metadata, release):
        """Writes the ONNX file and gives its size. The version names the weights."""
        import onnx
        from onnx import TensorProto, helper, numpy_helper

        digest = hashlib.sha256()
        tensors, nodes = [], []
        for place, layer in enumerate(self.layers):
            for name, array in zip(("weight", "bias"), layer):
                digest.update(np.ascontiguousarray(array).tobytes())
                tensors.append(numpy_helper.from_array(array, f"{name}{place}"))
            inputs = ["features" if place == 0 else f"layer{place}", f"weight{place}", f"bias{place}"]
            nodes.append(helper.make_node("Gemm", inputs, [f"sum{place}"]))
            if place < 2:
                nodes.append(helper.make_node("Relu", [f"sum{place}"], [f"layer{place + 1}"]))
        nodes.append(helper.make_node("Softmax", ["sum2"], ["probabilities"], axis=1))
        graph = helper.make_graph(
            nodes,
            "mood",
            [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", len(self.layers[0][0])])],
            [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", OUTPUTS])],
            tensors,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], producer_name="goldentooth")
        model.ir_version = 8
        metadata = metadata | {"goldentooth.version": f"{release}-{digest.hexdigest()[:8]}"}
        helper.set_model_props(model, metadata)
        onnx.checker.check_model(model)
        raw = model.SerializeToString(deterministic=True)
        path.write_bytes(raw)
        return len(raw)


def thin(x, places, rng):
    """Takes sensors away, so that the network does not lean on any one of them."""
    x = x.copy()
    # Most rows lose a few vitals, some lose many; never the distance from normal
    # by itself: it depends on no single sensor.
    share = np.where(rng.random(len(x)) < 0.2, 0.4, 0.05)
    for columns in places:
        x[np.ix_(rng.random(len(x)) < share, columns)] = 0
    return x


def train(learned, names, seed, epochs):
    """A network of these rows."""
    rng = np.random.default_rng(seed)
    x, y, weight, doubt = learned.x, learned.y, learned.weight, learned.doubt
    net = Members(x, seed)
    places = []
    for name in sorted(set(names) - UNNAMED):
        columns = [place for place, other in enumerate(names) if other == name]
        places.append(columns + [len(names) + place for place in columns])
    decayed = [*net.weights, net.past]
    parameters = [*decayed, *net.biases]
    moments = [(np.zeros_like(p), np.zeros_like(p)) for p in parameters]
    steps = epochs * (len(x) // BATCH)
    step = 0
    for epoch in range(epochs):
        order = rng.permutation(len(x))
        total = 0.0
        for batch in range(len(x) // BATCH):
            rows = np.sort(order[batch * BATCH : (batch + 1) * BATCH])
            a = net.layers(thin(x[rows], places, rng))
            p = softmax(a[-1])
            loss, wanted = surprise(p, y[rows], doubt[rows])
            total += float((loss.mean(axis=0) * weight[rows]).sum())
            delta = (p - wanted) * (weight[rows] / weight[rows].sum())[:, None]
            past = turned(a[0]) @ delta
            gradients = []
            for place in range(len(net.weights) - 1, -1, -1):
                gradients.append((turned(a[place]) @ delta, delta.sum(axis=1, keepdims=True)))
                if place:
                    delta = (delta @ turned(net.weights[place])) * (a[place] > 0)
            gradients.reverse()
            flat = [*(g for g, _ in gradients), past, *(g for _, g in gradients)]
            step += 1
            rate = RATE * 0.5 * (1 + np.cos(np.pi * step / steps))
            for place, (parameter, gradient, (m, v)) in enumerate(zip(parameters, flat, moments)):
                m += 0.1 * (gradient - m)
                v += 0.001 * (gradient * gradient - v)
                unbiased = m / (1 - 0.9**step) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
                decay = DECAY * parameter if place < len(decayed) else 0
                parameter -= rate * (unbiased + decay)
    print(f"{epochs} epochs over {len(x)} rows: loss {total / weight.sum():.4f}", flush=True)
    return Network(net)


def turned(matrices):
    return matrices.transpose(0, 2, 1)
