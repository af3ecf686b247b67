# Writes testdata/*.onnx and testdata/torch.json: networks of PyTorch with rows and what it makes of them.
import json, sys, torch
from torch import nn
torch.manual_seed(0)
out = sys.argv[1]
nets = {
    "mlp": (nn.Sequential(nn.Linear(3, 8), nn.SiLU(), nn.Linear(8, 8), nn.GELU(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 8, bias=False), nn.LeakyReLU(0.2), nn.Linear(8, 8), nn.ELU(0.7), nn.Linear(8, 4), nn.Softplus(), nn.Dropout(0.5), nn.Linear(4, 2), nn.ReLU(), nn.Linear(2, 2), nn.Sigmoid()), (5, 3)),
    "conv": (nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 3, 3, stride=2, padding=1), nn.Tanh(), nn.Conv2d(3, 2, (1, 5), padding=(0, 2)), nn.Flatten(), nn.Linear(18, 3)), (4, 2, 5, 6)),
    "conv1": (nn.Sequential(nn.Conv1d(1, 3, 5, padding=2, bias=False), nn.SiLU(), nn.Conv1d(3, 2, 1)), (4, 1, 7)),
    "norm": (nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.Linear(4, 1)), (5, 3)),
}
cases = {}
for name, (net, shape) in nets.items():
    net.eval()
    x = torch.randn(shape)
    torch.onnx.export(net, x, f"{out}/{name}.onnx", input_names=["x"], output_names=["y"], dynamic_axes={"x": {0: "N"}, "y": {0: "N"}}, opset_version=14)
    y = net(x)
    cases[name] = {"x": x.reshape(shape[0], -1).tolist(), "y": y.reshape(shape[0], -1).tolist()}
json.dump(cases, open(f"{out}/torch.json", "w"))
