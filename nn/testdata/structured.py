"""Reference values of layers with structure, by PyTorch in float64.

    python3 structured.py | gzip -9n > structured.json.gz

A record has a layer's options, its input x and weights as PyTorch lays them out,
its output, the gradients of L = sum(output * v), and those of sum((dL/dx)^2).
"""
import json
import sys

import torch
import torch.nn.functional as F

torch.manual_seed(12)
torch.set_default_dtype(torch.float64)


def array(t):
    return {"shape": list(t.shape), "data": [float(f"{v:.13g}") for v in t.detach().reshape(-1).tolist()]}


def record(name, kind, options, x, params, fn):
    x = x.clone().requires_grad_(True)
    params = {k: p.detach().clone().requires_grad_(True) for k, p in params.items()}
    out = fn(x, params)
    v = torch.randn_like(out)
    loss = (out * v).sum()
    wrt = [x] + list(params.values())
    first = torch.autograd.grad(loss, wrt, create_graph=True)
    squares = (first[0] ** 2).sum()
    if squares.requires_grad:
        second = torch.autograd.grad(squares, wrt, allow_unused=True)
    else:
        second = [None] * len(wrt)
    zero = lambda g, w: torch.zeros_like(w) if g is None else g
    names = ["x"] + list(params)
    return {
        "name": name, "kind": kind, **options, "x": array(x), "v": array(v), "out": array(out),
        "params": {k: array(p) for k, p in params.items()},
        "grads": {k: array(g) for k, g in zip(names, first)},
        "second": {k: array(zero(g, w)) for k, g, w in zip(names, second, wrt)},
    }


def conv(dims, size, cin, cout, kernel, stride, circular):
    x = torch.randn(2, cin, *size)
    params = {"weight": torch.randn(cout, cin, *kernel) * .3, "bias": torch.randn(cout)}
    pad = [(k - 1) // 2 for k in kernel]
    op = F.conv1d if dims == 1 else F.conv2d

    def fn(x, p):
        if circular:
            both = [q for k in reversed(pad) for q in (k, k)]
            return op(F.pad(x, both, mode="circular"), p["weight"], p["bias"], stride=stride)
        return op(x, p["weight"], p["bias"], stride=stride, padding=pad)

    mode = "circular" if circular else "zero"
    name = f"conv{dims}d {'x'.join(map(str, size))} kernel {'x'.join(map(str, kernel))} stride {stride} {mode}"
    return record(name, "conv", {"size": list(size), "kernel": list(kernel), "stride": stride, "circular": circular}, x, params, fn)


def main():
    records = []
    for stride in (1, 2):
        for circular in (False, True):
            records.append(conv(1, (8,), 3, 4, (5,), stride, circular))
            records.append(conv(2, (6, 4), 3, 4, (3, 3), stride, circular))
    records.append(conv(2, (5, 7), 2, 3, (1, 3), 1, False))

    records.append(record("pixel shuffle", "shuffle", {"size": [3, 2], "factor": 2}, torch.randn(2, 8, 3, 2), {}, lambda x, p: F.pixel_shuffle(x, 2)))
    records.append(record("pixel unshuffle", "unshuffle", {"size": [6, 4], "factor": 2}, torch.randn(2, 2, 6, 4), {}, lambda x, p: F.pixel_unshuffle(x, 2)))

    for size in ((5,), (3, 4)):
        for groups in (1, 3, 6):
            params = {"gain": torch.randn(6), "bias": torch.randn(6)}
            records.append(record(f"group norm {groups} groups, {len(size)}-D", "groupnorm", {"size": list(size), "groups": groups, "epsilon": 1e-5},
                                  torch.randn(2, 6, *size), params, lambda x, p, g=groups: F.group_norm(x, g, p["gain"], p["bias"], 1e-5)))

    for heads in (1, 2):
        d = 6
        params = {"in_weight": torch.randn(3 * d, d) * .4, "in_bias": torch.randn(3 * d) * .4, "out_weight": torch.randn(d, d) * .4, "out_bias": torch.randn(d)}

        def attention(x, p, heads=heads):
            y, _ = F.multi_head_attention_forward(x.transpose(0, 1), x.transpose(0, 1), x.transpose(0, 1), d, heads, p["in_weight"], p["in_bias"],
                                                  None, None, False, 0., p["out_weight"], p["out_bias"], need_weights=False)
            return y.transpose(0, 1)

        records.append(record(f"attention {heads} heads", "attention", {"heads": heads, "size": [5]}, torch.randn(2, 5, d), params, attention))

    d = 6
    layer = torch.nn.TransformerEncoderLayer(d, 2, 12, dropout=0., activation="gelu", batch_first=True, norm_first=True)
    layer.train()
    from torch.nn.utils.stateless import functional_call
    params = {k: p for k, p in layer.named_parameters()}
    records.append(record("transformer block, norm first", "transformer", {"heads": 2, "size": [5], "hidden": 12, "epsilon": 1e-5}, torch.randn(2, 5, d), params,
                          lambda x, p: functional_call(layer, p, x)))

    params = {"in_weight": torch.randn(3 * d, d) * .4, "in_bias": torch.randn(3 * d) * .4, "out_weight": torch.randn(d, d) * .4, "out_bias": torch.randn(d)}

    def causal(x, p):
        y, _ = F.multi_head_attention_forward(x.transpose(0, 1), x.transpose(0, 1), x.transpose(0, 1), d, 2, p["in_weight"], p["in_bias"],
                                              None, None, False, 0., p["out_weight"], p["out_bias"], need_weights=False,
                                              attn_mask=torch.ones(4, 4).triu(1).bool())
        return y.transpose(0, 1)

    records.append(record("attention causal", "attention", {"heads": 2, "size": [4], "causal": True}, torch.randn(2, 4, d), params, causal))
    json.dump({"torch": torch.__version__, "records": records}, sys.stdout)


main()
