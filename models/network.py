"""A small network in plain numpy, and its export to ONNX."""

import hashlib

import numpy as np

HIDDEN = (48, 24)
BATCH = 1024
RATE = 3e-3
DECAY = 1e-4
# A scale below this would make noise of a rare flag.
LEAST_SCALE = 0.1
# First words of the features that name no vital: they depend on no single sensor.
UNNAMED = {"distance", "deviation", "step", "share"}


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


class Network:
    def __init__(self, x, rng):
        self.centre = x.mean(axis=0).astype(np.float32)
        self.factor = (1 / np.maximum(x.std(axis=0), LEAST_SCALE)).astype(np.float32)
        sizes = [x.shape[1], *HIDDEN, 4]
        self.weights = [
            (rng.standard_normal((a, b)) * np.sqrt(2 / a)).astype(np.float32) for a, b in zip(sizes, sizes[1:])
        ]
        self.biases = [np.zeros(b, np.float32) for b in sizes[1:]]

    def layers(self, x):
        activations = [(x - self.centre) * self.factor]
        for place, (weight, bias) in enumerate(zip(self.weights, self.biases)):
            z = activations[-1] @ weight + bias
            activations.append(np.maximum(z, 0) if place < len(HIDDEN) else z)
        return activations

    def probabilities(self, x):
        return np.concatenate([softmax(self.layers(part)[-1]) for part in np.array_split(x, 1 + len(x) // 65536)])

    def calibrate(self, x, y, weight):
        """One temperature, folded into the last layer."""
        logits = self.layers(x)[-1]
        scales = np.geomspace(0.2, 2.5, 81)
        losses = [-(np.log((softmax(logits * scale) * y).sum(axis=1) + 1e-9) * weight).sum() for scale in scales]
        best = np.float32(scales[int(np.argmin(losses))])
        self.weights[-1] *= best
        self.biases[-1] *= best
        print(f"temperature {1 / best:.3f}")

    def export(self, path, metadata, release):
        """Writes the ONNX file and gives its size. The version names the weights."""
        import onnx
        from onnx import TensorProto, helper, numpy_helper

        digest = hashlib.sha256()
        for array in (self.centre, self.factor, *self.weights, *self.biases):
            digest.update(np.ascontiguousarray(array).tobytes())
        tensors = [numpy_helper.from_array(self.centre, "centre"), numpy_helper.from_array(self.factor, "factor")]
        nodes = [
            helper.make_node("Sub", ["features", "centre"], ["centred"]),
            helper.make_node("Mul", ["centred", "factor"], ["layer0"]),
        ]
        last = len(self.weights) - 1
        for place, (weight, bias) in enumerate(zip(self.weights, self.biases)):
            tensors.append(numpy_helper.from_array(weight, f"weight{place}"))
            tensors.append(numpy_helper.from_array(bias, f"bias{place}"))
            out = f"sum{place}"
            nodes.append(helper.make_node("Gemm", [f"layer{place}", f"weight{place}", f"bias{place}"], [out]))
            if place < last:
                nodes.append(helper.make_node("Relu", [out], [f"layer{place + 1}"]))
        nodes.append(helper.make_node("Softmax", [f"sum{last}"], ["probabilities"], axis=1))
        graph = helper.make_graph(
            nodes,
            "mood",
            [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", len(self.centre)])],
            [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", 4])],
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


def thin(x, names, rng):
    """Takes sensors away, so that the network does not lean on any one of them."""
    count = len(names)
    x = x.copy()
    # Most rows lose a few vitals, some lose many; never the distance from normal
    # by itself: it depends on no single sensor.
    share = np.where(rng.random(len(x)) < 0.2, 0.4, 0.05)
    for name in sorted(set(names) - UNNAMED):
        lost = rng.random(len(x)) < share
        columns = [place for place, other in enumerate(names) if other == name]
        columns += [count + place for place in columns]
        x[np.ix_(lost, columns)] = 0
    return x


def train(x, y, weight, names, seed, epochs):
    """Rows `x`, the moods that may be true `y` (their probabilities are summed), weights."""
    rng = np.random.default_rng(seed)
    net = Network(x, rng)
    parameters = net.weights + net.biases
    moments = [(np.zeros_like(p), np.zeros_like(p)) for p in parameters]
    steps = epochs * (len(x) // BATCH)
    step = 0
    for epoch in range(epochs):
        order = rng.permutation(len(x))
        total = 0.0
        for batch in range(len(x) // BATCH):
            rows = np.sort(order[batch * BATCH : (batch + 1) * BATCH])
            a = net.layers(thin(x[rows], names, rng))
            p = softmax(a[-1])
            allowed = p * y[rows]
            sums = allowed.sum(axis=1, keepdims=True) + 1e-9
            total -= float((np.log(sums[:, 0]) * weight[rows]).sum())
            delta = (p - allowed / sums) * (weight[rows][:, None] / weight[rows].sum())
            gradients = []
            for place in range(len(net.weights) - 1, -1, -1):
                gradients.append((a[place].T @ delta, delta.sum(axis=0)))
                delta = (delta @ net.weights[place].T) * (a[place] > 0)
            gradients.reverse()
            flat = [g for g, _ in gradients] + [g for _, g in gradients]
            step += 1
            rate = RATE * 0.5 * (1 + np.cos(np.pi * step / steps))
            for parameter, gradient, (m, v) in zip(parameters, flat, moments):
                m += 0.1 * (gradient - m)
                v += 0.001 * (gradient * gradient - v)
                unbiased = m / (1 - 0.9**step) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
                decay = DECAY * parameter if parameter.ndim == 2 else 0
                parameter -= np.float32(rate) * (unbiased + decay).astype(np.float32)
    print(f"{epochs} epochs over {len(x)} rows: loss {total / weight.sum():.4f}", flush=True)
    return net
