"""Trains a model of gradlogp further in several processes, each with its part of the rows.

    python3 distributed.py DIR [PROCESSES]

reads what `go run ./examples/pytorch -out DIR` has written and writes the weights back for
`go run ./examples/pytorch -in DIR`. The processes are on one machine here; on several,
set MASTER_ADDR and MASTER_PORT to the first, and start process RANK of WORLD on each
with DIR at hand:

    python3 distributed.py DIR WORLD RANK
"""

import os
import socket
import sys

import numpy
import torch
import torch.distributed as dist
import torch.multiprocessing

from network import Network, denoise, read, score, weights, write

STEPS, RATE = 300, 2e-3


def noised(y, step):
    """Noise levels and noise of all rows. A row has what is its own, whoever looks at it."""
    g = torch.Generator().manual_seed(step)
    level = torch.exp(-1.6 + 1.4 * torch.randn(len(y), 1, generator=g))  # score.LogNormal{}
    return level, torch.randn(y.shape, generator=g)


def loss(net, y, level, z):
    """score.DSM with the weight score.EDMWeight, the mean over the rows."""
    error = denoise(net, y + level * z, level) - y
    return ((1 + level**2) / level**2 * error**2).sum(1).mean()


def gradient(net, *batch):
    net.zero_grad()
    value = loss(net, *batch)
    value.backward()
    return torch.cat([p.grad.flatten() for p in net.parameters()]).clone(), value.item()


def process(rank, world, folder):
    torch.set_num_threads(1)
    dist.init_process_group("gloo", rank=rank, world_size=world)
    tensors = read(folder + "/model.safetensors")
    own = weights(tensors)
    net = Network(*own["output.weight"].shape)
    net.load_state_dict(own)
    rows = torch.from_numpy(numpy.load(folder + "/rows.npy")).float()
    y = (rows - tensors["frame.shift"].float()) / tensors["frame.scale"].float()
    y = y[: len(y) // world * world]  # equal parts, so that their means have the mean of all
    part = slice(rank * len(y) // world, (rank + 1) * len(y) // world)

    # The gradient of all rows, by this process alone and by all of them together.
    level, z = noised(y, 0)
    alone, _ = gradient(net, y, level, z)
    shared = torch.nn.parallel.DistributedDataParallel(net)
    together, _ = gradient(shared, y[part], level[part], z[part])
    off = ((together - alone).norm() / alone.norm()).item()
    if rank == 0:
        print(f"gradients of {world} processes and of one with all {len(y)} rows: relative difference {off:.1e}")

    optimizer = torch.optim.Adam(net.parameters(), betas=(0.9, 0.99))
    values = []
    for step in range(1, STEPS + 1):
        for group in optimizer.param_groups:
            group["lr"] = RATE * (1 - step / (STEPS + 1))
        level, z = noised(y, step)
        values.append(gradient(shared, y[part], level[part], z[part])[1])
        optimizer.step()

    # The weights are the same in all processes, to the bit.
    mine = torch.cat([p.detach().flatten() for p in net.parameters()])
    first = mine.clone()
    dist.broadcast(first, 0)
    assert torch.equal(mine, first)
    if rank == 0:
        write(folder + "/torch.safetensors", net.state_dict())
        noise = torch.from_numpy(numpy.load(folder + "/noise.npy")).float()
        at = (rows - tensors["frame.shift"].float()) / tensors["frame.scale"].float()
        with torch.no_grad():
            numpy.save(folder + "/torch.npy", score(net, at, noise).double().numpy())
        print(f"trained for {STEPS} steps, loss {numpy.mean(values[:50]):.2f} at first and {numpy.mean(values[-50:]):.2f} at last")
    dist.destroy_process_group()


def main(folder, world=2, rank=None):
    world = int(world)
    if rank is not None:
        process(int(rank), world, folder)
        return
    with socket.socket() as s:  # a port that is free
        s.bind(("127.0.0.1", 0))
        os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(s.getsockname()[1]))
    torch.multiprocessing.spawn(process, (world, folder), nprocs=world)


if __name__ == "__main__":
    main(*sys.argv[1:])
