"""Speed of steps of training, beside PyTorch (bench/speed.py): on samples as they are, on points of
FGSM and PGD-10, on interval bounds, on both, on bounds and points."""
import speed

speed.compare("train", speed.arguments("bench/train.sh", __doc__),
              ["std", "train-fgsm", "train-pgd10", "ibp", "ibp-ce", "mtl"])
