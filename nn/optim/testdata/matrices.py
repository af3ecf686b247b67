"""Reference values of SOAP and Muon on two matrices, by NumPy in float64.

    python3 matrices.py | gzip -9n > matrices.json.gz

A network has two layers, x W + b and then one without a bias, and a gain. Gradients are
those of a linear least-squares loss that changes from step to step. A record has the
options of the optimiser and the parameters after each step.
"""
import json

import numpy as np

rng = np.random.default_rng(4)
STEPS, RATE = 30, 0.02


def block(r, c):
    return {"theta": rng.normal(size=(r, c)), "a": rng.normal(size=(STEPS, r, r)) / np.sqrt(r), "b": rng.normal(size=(r, c))}


# 5×6 with a bias as the sixth row; 7×7 without; and three numbers.
BLOCKS = [block(6, 6), block(7, 7), block(1, 3)]


def gradient(b, theta, t):
    a = np.diag(2.0 ** -np.arange(theta.shape[0])) + 0.1 * b["a"][t]
    return a.T @ (a @ theta - b["b"])


class Adam:
    def __init__(self, shape, o):
        self.m, self.v, self.o = np.zeros(shape), np.zeros(shape), o

    def direction(self, g, t):
        o = self.o
        self.m = o["beta1"] * self.m + (1 - o["beta1"]) * g
        self.v = o["beta2"] * self.v + (1 - o["beta2"]) * g * g
        return self.m / (1 - o["beta1"] ** t) / (np.sqrt(self.v / (1 - o["beta2"] ** t)) + o["eps"])


def eigenvectors(l):
    return np.linalg.eigh(l)[1][:, ::-1]


def turned(l, q):
    l = l / np.trace(l) + 1e-10 * np.eye(len(l))
    return np.linalg.qr(l @ q)[0]


class SOAP:
    """Momentum is kept in the parameters' own basis, as the method is written."""

    def __init__(self, shape, o):
        self.o, self.m, self.v = o, np.zeros(shape), np.zeros(shape)
        self.l, self.q = [np.zeros((n, n)) for n in shape], [np.eye(n) for n in shape]

    def direction(self, g, t):
        o = self.o
        if (t - 1) % o["factor_every"] == 0:
            k = (t - 1) // o["factor_every"]
            beta = min(o["factor_beta"] ** o["factor_every"], (1 + k) / (10 + k))
            for i, s in enumerate((g @ g.T, g.T @ g)):
                self.l[i] = beta * self.l[i] + (1 - beta) * s
        for i in range(2 if o["both"] else 1):
            if t in (1, 10):
                self.q[i] = eigenvectors(self.l[i])
            elif (t - 1) % o["basis_every"] == 0:
                self.q[i] = turned(self.l[i], self.q[i])
        q, p = self.q
        if t in (1, 10) or (t - 1) % o["basis_every"] == 0:
            b1, b2 = o["beta1"], o["beta2"]
            most = (1 - b1) / np.sqrt((1 - b2) * (1 - b1 * b1 / b2)) * np.sqrt(self.v)
            self.m = q @ np.clip(q.T @ self.m @ p, -most, most) @ p.T
        self.m = o["beta1"] * self.m + (1 - o["beta1"]) * g
        self.v = o["beta2"] * self.v + (1 - o["beta2"]) * (q.T @ g @ p) ** 2
        m, v = q.T @ self.m @ p / (1 - o["beta1"] ** t), self.v / (1 - o["beta2"] ** t)
        if t == 1:
            return 0 * g
        return q @ (m / (np.sqrt(v) + o["eps"])) @ p.T


class Muon:
    def __init__(self, shape, o):
        self.o, self.m = o, np.zeros(shape)

    def direction(self, g, t):
        mu = self.o["momentum"]
        self.m = mu * self.m + (1 - mu) * g
        x = mu * self.m + (1 - mu) * g if self.o["nesterov"] else self.m
        x = x / np.linalg.norm(x)
        for _ in range(self.o["iterations"]):
            a = x @ x.T
            x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
        return 0.2 * np.sqrt(max(x.shape)) * x


def run(kind, **o):
    o = {"beta1": 0.9, "beta2": 0.99, "eps": 1e-8, "decay": 0.0, **o}
    thetas = [b["theta"].copy() for b in BLOCKS]
    methods = [kind(thetas[0].shape, o), kind(thetas[1].shape, o), Adam(thetas[2].shape, o)]
    after = []
    for t in range(1, STEPS + 1):
        for b, theta, method in zip(BLOCKS, thetas, methods):
            g = gradient(b, theta, t - 1)
            theta *= 1 - RATE * o["decay"]
            theta -= RATE * method.direction(g, t)
        if t in (1, 2, 9, 10, 11, 21, 30):
            after.append({"step": t, "theta": [float(f"{v:.14g}") for x in thetas for v in x.ravel()]})
    return {"method": kind.__name__, **o, "after": after}


def array(x):
    return {"shape": list(x.shape), "data": [float(f"{v:.17g}") for v in x.ravel()]}


soap = dict(factor_beta=0.99, factor_every=4, basis_every=20, both=False)
json.dump({
    "rate": RATE,
    "blocks": [{k: array(v) for k, v in b.items()} for b in BLOCKS],
    "records": [
        run(SOAP, **soap),
        run(SOAP, **{**soap, "both": True}),
        run(SOAP, **{**soap, "both": True, "factor_every": 1, "basis_every": 2, "factor_beta": 0.7, "decay": 0.5}),
        run(Muon, momentum=0.95, nesterov=True, iterations=5),
        run(Muon, momentum=0.8, nesterov=False, iterations=3, decay=0.5),
    ],
}, __import__("sys").stdout, separators=(",", ":"))
