"""The network of nn.RecipeMLP, its score, and safetensors files, in PyTorch and NumPy.

    python3 network.py DIR

reads what `go run ./examples/pytorch -out DIR` has written, compares scores, trains the
network a little further here, and writes it back for `go run ./examples/pytorch -in DIR`.
"""

import json
import struct
import sys

import numpy
import torch


def read(path):
    """Returns the tensors of a safetensors file, as safetensors.torch.load_file does."""
    with open(path, "rb") as f:
        header = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
        data = f.read()
    tensors = {}
    for name, t in header.items():
        if name != "__metadata__":
            kind = {"F32": numpy.float32, "F64": numpy.float64}[t["dtype"]]
            start, end = t["data_offsets"]
            tensors[name] = torch.from_numpy(numpy.frombuffer(data[start:end], kind).reshape(t["shape"]).copy())
    return tensors


def write(path, tensors):
    """Writes tensors of float32 as safetensors.torch.save_file does."""
    header, data = {}, b""
    for name, t in tensors.items():
        raw = t.detach().numpy().astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(t.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)


def waves(x, frequencies):
    """sin and cos of every column at every frequency: sines axis by axis, then cosines."""
    z = (x[:, :, None] * frequencies).flatten(1)
    return torch.cat([torch.sin(z), torch.cos(z)], 1)


def norm(x):
    """Rows divided by their root mean square."""
    return x / ((x**2).mean(1, keepdim=True) + 1e-5).sqrt()


def geometric(low, high, n):
    return torch.from_numpy(numpy.geomspace(low, high, n)).float()


class FiLM(torch.nn.Linear):
    """A hidden layer, silu(norm(h W + b)(1 + e G) + e B), with the names that gradlogp has."""

    def __init__(self, inputs, outputs, told):
        super().__init__(inputs, outputs)
        self.scale = torch.nn.Parameter(torch.zeros(told, outputs))
        self.shift = torch.nn.Parameter(torch.zeros(told, outputs))

    def forward(self, h, e):
        return torch.nn.functional.silu(norm(super().forward(h)) * (1 + e @ self.scale) + e @ self.shift)


class Network(torch.nn.Module):
    """nn.RecipeMLP(d, width) in d = 1, 2, 3 columns."""

    def __init__(self, d, width):
        super().__init__()
        self.hidden0 = FiLM(d + 32 * d, width, 8)
        self.hidden1 = FiLM(width, width, 8)
        self.hidden2 = FiLM(width, width, 8)
        self.output = torch.nn.Linear(width, d)

    def forward(self, x, noise):
        e = waves(noise, geometric(0.5, 4, 4))
        frequencies = geometric(1, 10, 16)
        gates = torch.exp(-0.5 * frequencies**2 * torch.sigmoid(8 * noise))  # what the noise leaves of a wave
        h = torch.cat([x, waves(x, frequencies) * gates.repeat(1, 2 * x.shape[1])], 1)
        for layer in (self.hidden0, self.hidden1, self.hidden2):
            h = layer(h, e)
        return self.output(h)


def denoise(net, y, sigma):
    """E[y0 | y] of rows of unit variance with noise sigma: the preconditioning score.EDM."""
    c = 1 + sigma**2
    return y / c + sigma / c.sqrt() * net(y / c.sqrt(), 0.25 * sigma.log())


def score(net, y, sigma):
    """(denoise - y)/sigma^2, of which most digits would cancel where sigma is small."""
    c = 1 + sigma**2
    return net(y / c.sqrt(), 0.25 * sigma.log()) / (sigma * c.sqrt()) - y / c


def weights(tensors):
    """A state_dict of a model's tensors: torch.nn.Linear keeps weights transposed."""
    own = {k[len("net."):]: v for k, v in tensors.items() if k.startswith("net.")}
    return {k: v.T if k.endswith("weight") else v.flatten() if k.endswith("bias") else v for k, v in own.items()}


def main(folder):
    tensors = read(folder + "/model.safetensors")
    own = weights(tensors)
    net = Network(*own["output.weight"].shape)
    net.load_state_dict(own)

    # Rows of the data in model coordinates, as the frame in the file says.
    rows = torch.from_numpy(numpy.load(folder + "/rows.npy")).float()
    y = (rows - tensors["frame.shift"].float()) / tensors["frame.scale"].float()
    sigma = torch.from_numpy(numpy.load(folder + "/noise.npy")).float()
    want = torch.from_numpy(numpy.load(folder + "/scores.npy")).float()
    with torch.no_grad():
        off = (score(net, y, sigma) - want).norm(dim=1) * sigma[:, 0]
    print(f"scores of gradlogp's weights in PyTorch: largest difference {off.max():.1e}/sigma")

    torch.manual_seed(0)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    for _ in range(200):
        level = torch.exp(-2 + 1.4 * torch.randn(len(y), 1))
        c = 1 + level**2
        error = denoise(net, y + level * torch.randn_like(y), level) - y
        loss = (c / level**2 * error**2).sum(1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    write(folder + "/torch.safetensors", net.state_dict())
    with torch.no_grad():
        numpy.save(folder + "/torch.npy", score(net, y, sigma).double().numpy())
    print(f"trained further in PyTorch, loss {loss.item():.2f}")


if __name__ == "__main__":
    main(sys.argv[1])
