"""Attacks of the literature on an ONNX classifier, by PyTorch: what bench-attacks compares with.

Nothing of vouch is used: weights are read from the file, images from theirs, and every attack is a
straight transcription of its definition in L-infinity (cw: in L2), for all points at once:

    pgd       projected steps of max(1/4, 2/n) eps along the signs, uniform starts [Madry 2018]
    apgd-ce   steps with momentum that halve themselves, on cross-entropy [Croce, Hein 2020]
    apgd-t    the same towards each of the likeliest classes, on the targeted ratio of logits
    fab-t     projections onto the linearised boundary towards each class [Croce, Hein 2020b]
    square    random search with squares of +-2 eps [Andriushchenko 2020]
    cw        the nearest adversarials, by Adam behind tanh [Carlini, Wagner 2017]

A point is fooled where any point looked at, in ball and range, gets another class than its label.
PyTorch's float32 logits decide; nothing is proved.
"""
import argparse
import gzip
import pathlib
import sys

try:
    import numpy as np
    import onnx
    import onnx.numpy_helper
    import torch
    from torch.nn import functional
except ImportError as missing:
    sys.exit(f"reference_attacks: {missing}; apt-get install python3-torch python3-onnx")

DOUBLE = torch.float64


# ---- network and images ----------------------------------------------------------------------

def layer(node, weights):
    """A function of a batch that does what the node says."""
    sets = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    given = [weights[name] for name in node.input if name in weights]
    if node.op_type == "Conv":
        pads = sets.get("pads", [0, 0, 0, 0])
        if pads[:2] != pads[2:] or sets.get("group", 1) != 1:
            sys.exit(f"reference_attacks: {node.name}: padding or groups not supported")
        return lambda x: functional.conv2d(x, *given, stride=sets.get("strides", [1, 1]),
                                           padding=pads[:2])
    if node.op_type == "Gemm":
        matrix = given[0] if sets.get("transB", 0) else given[0].T
        return lambda x: functional.linear(x, matrix, given[1])
    simple = {"Relu": torch.relu, "Flatten": lambda x: x.flatten(1),
              "Sub": lambda x: x - given[0], "Div": lambda x: x / given[0]}
    if node.op_type not in simple:
        sys.exit(f"reference_attacks: operator {node.op_type} not supported")
    return simple[node.op_type]


class Net:
    """A chain of layers: a batch [n, inputs] to logits [n, classes]."""

    def __init__(self, path):
        graph = onnx.load(path).graph
        weights = {w.name: torch.from_numpy(onnx.numpy_helper.to_array(w).copy())
                   for w in graph.initializer}
        inputs = [i for i in graph.input if i.name not in weights]
        self.shape = [d.dim_value for d in inputs[0].type.tensor_type.shape.dim[1:]]
        self.layers, last = [], inputs[0].name
        for node in graph.node:
            if [name for name in node.input if name not in weights] != [last]:
                sys.exit("reference_attacks: the network is not a chain")
            self.layers.append(layer(node, weights))
            last = node.output[0]

    def __call__(self, x):
        x = x.reshape(-1, *self.shape)
        for step in self.layers:
            x = step(x)
        return x

    def climb(self, x, objective):
        """Logits, values of the objective and its gradient at x."""
        x = x.detach().requires_grad_(True)
        z = self(x)
        value = objective(z)
        gradient, = torch.autograd.grad(value.sum(), x)
        return z.detach(), value.detach(), gradient


def mnist(images, count):
    """The first digits: [count, 784] in [0, 1], float32, and their labels."""
    images = pathlib.Path(images)
    labels = images.with_name(images.name.replace("images-idx3", "labels-idx1"))
    x = np.frombuffer(gzip.open(images).read(), np.uint8, offset=16).reshape(-1, 784)[:count]
    y = np.frombuffer(gzip.open(labels).read(), np.uint8, offset=8)[:count]
    return torch.from_numpy((x / 255.0).astype(np.float32)), torch.from_numpy(y.astype(np.int64))


def inside(x, clean, eps):
    return torch.max(torch.min(x, clean + eps), clean - eps).clamp(0, 1)


def uniform(like):
    return torch.rand_like(like) * 2 - 1


def largest(d):
    return d.abs().amax(1, keepdim=True)


# ---- steps along gradients -------------------------------------------------------------------

def pgd(net, x, y, eps, steps=40, restarts=3):
    fooled = torch.zeros(len(x), dtype=torch.bool)
    for _ in range(restarts):
        at = inside(x + eps * uniform(x), x, eps)
        for step in range(steps + 1):
            z, _, g = net.climb(at, lambda z: functional.cross_entropy(z, y, reduction="none"))
            fooled |= z.argmax(1) != y
            at = inside(at + max(.25, 2 / steps) * eps * g.sign(), x, eps)
    return fooled


def apgd(net, x, y, eps, objective, steps=100):
    at = inside(x + eps * (u := uniform(x)) / largest(u), x, eps)
    z, loss, g = net.climb(at, objective)
    fooled = z.argmax(1) != y
    best, best_loss, best_g = at.clone(), loss.clone(), g.clone()
    size, before = torch.full((len(x), 1), 2 * eps), at
    at_check, halved = loss.clone(), torch.ones(len(x), dtype=torch.bool)
    interval, since, grew = int(.22 * steps), 0, torch.zeros(len(x))
    for step in range(steps):
        straight = inside(at + size * g.sign(), x, eps)
        share = .75 if step else 1
        before, at = at, inside(at + share * (straight - at) + (1 - share) * (at - before), x, eps)
        last = loss
        z, loss, g = net.climb(at, objective)
        fooled |= z.argmax(1) != y
        grew += loss > last
        up = loss > best_loss
        best[up], best_loss[up], best_g[up] = at[up], loss[up], g[up]
        since += 1
        if since == interval:
            halved = (grew <= .75 * interval) | (~halved & (at_check >= best_loss))
            at_check = best_loss.clone()
            size[halved] /= 2
            at, g = at.clone(), g.clone()
            at[halved], g[halved] = best[halved], best_g[halved]
            grew, since = torch.zeros(len(x)), 0
            interval = max(interval - int(.03 * steps), int(.06 * steps))
    return fooled


def apgd_ce(net, x, y, eps):
    return apgd(net, x, y, eps, lambda z: functional.cross_entropy(z, y, reduction="none"))


def each_target(net, x, y, run):
    """Runs towards the likeliest other classes in turn; points that are fooled rest."""
    z = net(x)
    z[torch.arange(len(x)), y] = -float("inf")
    ranked = z.argsort(1, descending=True)
    fooled = torch.zeros(len(x), dtype=torch.bool)
    for rank in range(min(9, z.shape[1] - 1)):
        left = (~fooled).nonzero()[:, 0]
        if len(left):
            fooled[left] = run(x[left], y[left], ranked[left, rank])
    return fooled


def pick(z, of):
    return z.gather(1, of[:, None])[:, 0]


def apgd_t(net, x, y, eps):
    def run(x, y, target):
        def ratio(z):
            top = z.sort(1, descending=True)[0]
            spread = top[:, 0] - (top[:, 2] + top[:, 3]) / 2
            return (pick(z, target) - pick(z, y)) / (spread + 1e-12)
        return apgd(net, x, y, eps, ratio)
    return each_target(net, x, y, run)


# ---- FAB -------------------------------------------------------------------------------------

def onto_plane(p, w, c):
    """The move d, least in L-infinity, with p + d in [0, 1] and w.d = c, or as near as can be.

    |d_i| = min(q, room_i) along the signs that help. The sum of |w_i||d_i| grows with the level q
    piecewise linearly, with knees at the rooms: sorted, the piece that holds |c| gives q.
    """
    sign = w.sign() * c.sign()[:, None]
    room = torch.where(sign > 0, 1 - p, p)
    knees, order = room.sort(1)
    slope = w.abs().gather(1, order)
    below = torch.cumsum(slope * knees, 1) - slope * knees        # of coordinates at their room
    above = slope.flip(1).cumsum(1).flip(1)                       # slope of those that are not
    piece = (below + above * knees >= c.abs()[:, None]).to(torch.int8)
    found, k = piece.any(1), piece.argmax(1, keepdim=True)
    q = (c.abs() - below.gather(1, k)[:, 0]) / above.gather(1, k)[:, 0].clamp(min=1e-300)
    q = torch.where(found, q, knees[:, -1])
    return sign * torch.minimum(q[:, None], room)


def fab_run(net, x, y, target, eps, steps=100):
    alpha_max, eta, beta = .1, 1.05, .9
    at, clean = x.clone(), x.to(DOUBLE)
    nearest = torch.full((len(x),), float("inf"), dtype=DOUBLE)
    for _ in range(steps):
        _, gap, w = net.climb(at, lambda z: pick(z, target) - pick(z, y))
        gap, w, here = gap.to(DOUBLE), w.to(DOUBLE), at.to(DOUBLE)
        d = onto_plane(here, w, -gap)
        d0 = onto_plane(clean, w, -gap - (w * (clean - here)).sum(1))
        far, far0 = largest(d).clamp(min=1e-8), largest(d0).clamp(min=1e-8)
        alpha = (far / (far + far0)).clamp(0, alpha_max)
        there = (here + eta * d) * (1 - alpha) + (clean + eta * d0) * alpha
        at = there.clamp(0, 1).to(x.dtype)
        wrong = net(at).argmax(1) != y
        away = (at.to(DOUBLE) - clean).abs().amax(1)
        nearest[wrong] = torch.minimum(nearest, away)[wrong]
        at[wrong] = (clean + beta * (at.to(DOUBLE) - clean))[wrong].to(x.dtype)
    return nearest <= eps


def fab_t(net, x, y, eps):
    return each_target(net, x, y, lambda x, y, target: fab_run(net, x, y, target, eps))


# ---- Square ----------------------------------------------------------------------------------

def margin(z, y):
    others = z.clone()
    others[torch.arange(len(y)), y] = -float("inf")
    return pick(z, y) - others.amax(1)


def signs(*shape):
    return torch.randint(0, 2, shape) * 2. - 1


def square_side(query, area, share=.8):
    for after in (10, 50, 200, 500, 1000, 2000, 4000):
        share = share / 2 if query > after else share
    return max(round((share * area) ** .5), 1)


def square(net, x, y, eps, queries=5000):
    channels, height, width = net.shape
    image = x.reshape(-1, channels, height, width)
    best = inside(image + eps * signs(len(x), channels, 1, width), image, eps)
    least = margin(net(best), y)
    rows, columns = torch.arange(height)[:, None], torch.arange(width)[None, :]
    for query in range(queries - 1):
        left = (least > 0).nonzero()[:, 0]
        if not len(left):
            break
        side = min(square_side(query, height * width), height, width)
        top = torch.randint(0, height - side + 1, (len(left), 1, 1, 1))
        start = torch.randint(0, width - side + 1, (len(left), 1, 1, 1))
        window = (rows >= top) & (rows < top + side) & (columns >= start) & (columns < start + side)
        change = 2 * eps * signs(len(left), channels, 1, 1) * window
        tried = inside(best[left] + change, image[left], eps)
        m = margin(net(tried), y[left])
        better = m < least[left]
        best[left[better]], least[left[better]] = tried[better], m[better]
    return least <= 0


# ---- Carlini and Wagner, L2 ------------------------------------------------------------------

def cw_descent(net, x, y, start, weight, steps, rate):
    """One descent at these weights: the distance of the nearest adversarial met, or infinity."""
    clean = torch.tanh(start) / 2 + .5
    nearest, before = torch.full((len(x),), float("inf")), torch.full((len(x),), float("inf"))
    d, first, second = (torch.zeros_like(x) for _ in range(3))
    left = torch.arange(len(x))
    for step in range(steps):
        w = (start[left] + d[left]).requires_grad_(True)
        at = torch.tanh(w) / 2 + .5
        z = net(at)
        loss = ((at - clean[left]) ** 2).sum(1) + weight[left] * margin(z, y[left]).clamp(min=0)
        slope, = torch.autograd.grad(loss.sum(), w)
        away = (at.detach() - x[left]).norm(dim=1)
        away[z.argmax(1) == y[left]] = float("inf")
        nearest[left] = torch.minimum(nearest[left], away)
        first[left] = .9 * first[left] + .1 * slope
        second[left] = .999 * second[left] + .001 * slope ** 2
        d[left] -= (rate * first[left] / (1 - .9 ** (step + 1)) /
                    ((second[left] / (1 - .999 ** (step + 1))).sqrt() + 1e-8))
        if step % max(steps // 10, 1) == 0:
            stuck, before[left] = loss.detach() > .9999 * before[left], loss.detach()
            left = left[~stuck]
            if not len(left):
                break
    return nearest


def cw(net, x, y, steps=1000, searches=9, rate=.01):
    """The L2 distances of what is found; infinity where nothing is."""
    start = torch.atanh((2 * x - 1).to(DOUBLE) * .999999).to(x.dtype)
    weight, low = torch.full((len(x),), 1e-3), torch.zeros(len(x))
    high, nearest = torch.full((len(x),), 1e10), torch.full((len(x),), float("inf"))
    for _ in range(searches):
        found = cw_descent(net, x, y, start, weight, steps, rate)
        nearest, fooled = torch.minimum(nearest, found), found < float("inf")
        high = torch.where(fooled, torch.minimum(high, weight), high)
        low = torch.where(fooled, low, torch.maximum(low, weight))
        weight = torch.where(high < 1e9, (low + high) / 2, weight * 10)
    return nearest


# ---- all -------------------------------------------------------------------------------------

ATTACKS = {"pgd": [pgd], "apgd-ce": [apgd_ce], "apgd-t": [apgd_t], "fab-t": [fab_t],
           "square": [square], "autoattack": [apgd_ce, apgd_t, fab_t, square]}


def withstood(net, x, y, attack, eps, seed):
    """Which points are right and withstand the attack; parts meet what those before left."""
    torch.manual_seed(seed)
    held = net(x).argmax(1) == y
    for part in ATTACKS[attack]:
        left = held.nonzero()[:, 0]
        if len(left):
            held[left] = ~part(net, x[left], y[left], eps)
    return held


def main():
    parser = argparse.ArgumentParser(prog="bench/reference_attacks.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("net", help="an ONNX file: a chain of layers on images in [0, 1]")
    parser.add_argument("images", help="MNIST's, as gzipped IDX, the labels beside it")
    parser.add_argument("--attack", choices=ATTACKS, default="autoattack")
    parser.add_argument("--eps", type=float, required=True)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(1)
    x, y = mnist(options.images, options.count)
    held = withstood(Net(options.net), x, y, options.attack, options.eps, options.seed)
    print(f"{options.attack}: {int(held.sum())} of {len(x)} withstood")


if __name__ == "__main__":
    main()
