"""What PyTorch makes of the same work: the peer of bench-attacks, and its networks as ONNX.

Needs Debian's package, which nothing else in vouch needs:

    apt-get install python3-torch libopenblas0-pthread

OpenBLAS takes new AMD processors for a Haswell: OPENBLAS_CORETYPE=SkylakeX, set here before it
is loaded, gives it its AVX-512 kernels. Without OpenBLAS on AVX-512 the script refuses: such
figures do not count.

Measured, in images a second: `fgsm` and `pgd10`, attacks by the gradient of the cross-entropy with
respect to the inputs alone (no gradient of a weight is formed); steps of training (Adam): `std`;
`train-fgsm` and `train-pgd10`, at the points of those attacks; `ibp`, on interval bounds as centres and radii, the last layer elided (Gowal 2018); `ibp-ce`, half
that and half `std`; `mtl`, `ibp` with the cross-entropy at a point of one FGSM step (De Palma 2024).
"""
import argparse
import ctypes
import os
import re
import sys
import time

os.environ["OPENBLAS_CORETYPE"] = "SkylakeX"
try:
    import torch
    from torch import nn
except ImportError:
    sys.exit("torch_baseline: no torch; apt-get install python3-torch libopenblas0-pthread")

EPS, STEPS = 0.1, {"fgsm": 1, "pgd10": 10}
TRAINING = ["std", "train-fgsm", "train-pgd10", "ibp", "ibp-ce", "mtl"]


# ---- networks --------------------------------------------------------------------------------

def mlp():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 256),
                         nn.ReLU(), nn.Linear(256, 10))


def small():
    return nn.Sequential(nn.Conv2d(1, 16, 4, stride=2), nn.ReLU(), nn.Conv2d(16, 32, 4),
                         nn.ReLU(), nn.Flatten(), nn.Linear(3200, 100), nn.ReLU(),
                         nn.Linear(100, 10))


def cnn7():
    layers, channels = [], 3
    for out, stride in ((64, 1), (64, 1), (128, 2), (128, 1), (128, 1)):
        layers += [nn.Conv2d(channels, out, 3, stride=stride, padding=1), nn.BatchNorm2d(out),
                   nn.ReLU()]
        channels = out
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(32768, 512), nn.BatchNorm1d(512),
                         nn.ReLU(), nn.Linear(512, 10))


# name: (network, shape of an image, batch)
NETS = {"mlp": (mlp, (1, 28, 28), 256), "small": (small, (1, 28, 28), 256),
        "cnn7": (cnn7, (3, 32, 32), 128)}


# ---- the peer's libraries --------------------------------------------------------------------

def openblas():
    """Path and kernel set of the OpenBLAS that this process runs on; None where it is another."""
    torch.mm(torch.ones(64, 64), torch.ones(64, 64))
    with open("/proc/self/maps", encoding="utf-8") as maps:
        paths = sorted(set(re.findall(r"/\S*blas\S*\.so\S*", maps.read())))
    for path in paths:
        library = ctypes.CDLL(path)
        if hasattr(library, "openblas_get_corename"):
            name = library.openblas_get_corename
            name.restype = ctypes.c_char_p
            return path, name().decode()
    return None


def check_peer():
    print(torch.__config__.show(), file=sys.stderr)
    found = openblas()
    if not found:
        sys.exit("torch_baseline: torch does not run on OpenBLAS: its figures would not count; "
                 "apt-get install libopenblas0-pthread")
    print(f"BLAS: {found[0]}, kernels {found[1]}", file=sys.stderr)
    if found[1] != "SkylakeX" or "avx512f" not in open("/proc/cpuinfo", encoding="utf-8").read():
        sys.exit(f"torch_baseline: OpenBLAS uses {found[1]}, not AVX-512: does not count")


# ---- measuring -------------------------------------------------------------------------------

def attack(net, x, y, steps):
    alpha = EPS if steps == 1 else EPS / 4
    at = x
    for _ in range(steps):
        at = at.detach().requires_grad_(True)
        gradient, = torch.autograd.grad(nn.functional.cross_entropy(net(at), y), at)
        with torch.no_grad():
            at = at + alpha * gradient.sign()
            at = torch.max(torch.min(at, x + EPS), x - EPS).clamp_(0, 1)
    return at


def bounds_through(layer, c, r):
    """Centres and radii behind a layer. Batch normalisation takes the centres' statistics."""
    if isinstance(layer, nn.Linear):
        return layer(c), nn.functional.linear(r, layer.weight.abs())
    if isinstance(layer, nn.Conv2d):
        return layer(c), nn.functional.conv2d(r, layer.weight.abs(), None, layer.stride,
                                              layer.padding)
    if isinstance(layer, nn.ReLU):
        low, high = (c - r).relu(), (c + r).relu()
        return (high + low) / 2, (high - low) / 2
    if isinstance(layer, nn.Flatten):
        return layer(c), layer(r)
    over = [0, *range(2, c.dim())]  # batch normalisation
    factor = layer.weight.abs() / (c.var(over, unbiased=False) + layer.eps).sqrt()
    return layer(c), r * factor.reshape(1, -1, *[1] * (c.dim() - 2))


def bound_loss(net, x, y):
    """Cross-entropy of the lower bounds of z_y - z_j, the last layer elided."""
    low, high = (x - EPS).clamp(0, 1), (x + EPS).clamp(0, 1)
    c, r = (high + low) / 2, (high - low) / 2
    for layer in net[:-1]:
        c, r = bounds_through(layer, c, r)
    weight = net[-1].weight  # every pair of classes at once is dearer in sums, but one product
    pairs = (weight.unsqueeze(1) - weight).abs().reshape(-1, weight.shape[1])
    spread = nn.functional.linear(r, pairs).reshape(len(y), len(weight), -1)
    z = net[-1](c)
    rows = torch.arange(len(y))
    margin = z[rows, y].unsqueeze(1) - z - spread[rows, y]
    return nn.functional.cross_entropy(-margin, y)


def loss(net, x, y, what):
    cross_entropy = nn.functional.cross_entropy
    if what == "std":
        return cross_entropy(net(x), y)
    if what == "ibp":
        return bound_loss(net, x, y)
    if what.startswith("train-"):
        return cross_entropy(net(attack(net, x, y, STEPS[what[6:]])), y)
    at = attack(net, x, y, 1) if what == "mtl" else x
    return 0.5 * cross_entropy(net(at), y) + 0.5 * bound_loss(net, x, y)


def worker(name, what):
    """A function that does one batch."""
    make, shape, batch = NETS[name]
    torch.manual_seed(1)
    net = make()
    x, y = torch.rand(batch, *shape), torch.randint(0, 10, (batch,))
    if what not in TRAINING:
        net.eval().requires_grad_(False)
        return batch, lambda: attack(net, x, y, STEPS[what])
    net.train()
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-3)

    def step():
        optimiser.zero_grad(set_to_none=True)
        loss(net, x, y, what).backward()
        optimiser.step()
    return batch, step


def rate(name, what, seconds, clock):
    """Images a second: the best of the batches done in that time, after a first."""
    batch, step = worker(name, what)
    step()
    best, end = float("inf"), time.perf_counter() + seconds
    while best == float("inf") or time.perf_counter() < end:
        begun = clock()
        step()
        best = min(best, clock() - begun)
    return batch / best


def export(folder):
    for name, (make, shape, _) in NETS.items():
        torch.manual_seed(1)
        # PRESERVE: normalisations stay layers, as they are in the peer's own steps
        torch.onnx.export(make().eval(), torch.zeros(1, *shape), os.path.join(folder, f"{name}.onnx"),
                          opset_version=13, input_names=["x"], output_names=["y"],
                          training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False)


def main():
    parser = argparse.ArgumentParser(prog="bench/torch_baseline.py", description=__doc__)
    parser.add_argument("--export", metavar="FOLDER", help="write the networks there, and end")
    parser.add_argument("--net", choices=NETS, action="append")
    parser.add_argument("--what", choices=[*STEPS, *TRAINING], action="append")
    parser.add_argument("--seconds", type=float, default=2, help="for each figure")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    if options.export:
        export(options.export)
        return
    torch.set_num_threads(options.threads)
    check_peer()
    # one thread: processor time, which other programs disturb less
    clock = time.process_time if options.threads == 1 else time.perf_counter
    for name in options.net or NETS:
        for what in options.what or [*STEPS, *TRAINING]:
            print(f"{name}\t{what}\t{rate(name, what, options.seconds, clock):.6g}", flush=True)


main()
