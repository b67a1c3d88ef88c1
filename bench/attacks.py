"""Speed of attacks by gradients and of a training step, beside PyTorch (bench/speed.py)."""
import speed

speed.compare("attacks", speed.arguments("bench/attacks.sh", __doc__), ["fgsm", "pgd10", "std"])
