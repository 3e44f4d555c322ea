"""Logistic regression for a handful of features."""

from dataclasses import dataclass

import numpy
from numpy.typing import NDArray

Vector = NDArray[numpy.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Logistic:
    """P(y = 1 | x) = 1 / (1 + exp(-(w · (x - mean) / scale + b)))."""

    weights: tuple[float, ...]
    bias: float
    mean: tuple[float, ...]
    scale: tuple[float, ...]

    def probability(self, features: Vector) -> float:
        """Return the probability for one feature vector, shape (features,)."""
        standard = (features - numpy.asarray(self.mean)) / numpy.asarray(self.scale)
        return float(1 / (1 + numpy.exp(-(standard @ numpy.asarray(self.weights) + self.bias))))


def even(features: int) -> Logistic:
    """Return what knows nothing: one half for every feature vector of this length."""
    return Logistic(weights=(0.0,) * features, bias=0.0, mean=(0.0,) * features, scale=(1.0,) * features)


def fit(features: Vector, labels: Vector, *, sample_weights: Vector, ridge: float = 1.0) -> Logistic:
    """Fit by Newton's method (iteratively reweighted least squares) with an L2 penalty.

    Minimises -Σ s·[y·ln p + (1-y)·ln(1-p)] + ridge/2·|w|², the bias unpenalised.

    Args:
        features: Shape (samples, features).
        labels: 0 or 1, shape (samples,).
        sample_weights: Shape (samples,).
        ridge: Strength of the penalty.
    """
    mean, scale = features.mean(axis=0), features.std(axis=0)
    scale = numpy.where(scale > 1e-9, scale, 1.0)
    design = numpy.hstack([(features - mean) / scale, numpy.ones((len(features), 1))])
    penalty = numpy.diag([ridge] * features.shape[1] + [1e-6])
    solution = numpy.zeros(design.shape[1])
    for _ in range(50):
        predicted = 1 / (1 + numpy.exp(-design @ solution))
        gradient = design.T @ (sample_weights * (predicted - labels)) + penalty @ solution
        spread = sample_weights * numpy.maximum(predicted * (1 - predicted), 1e-6)
        step = numpy.linalg.solve((design.T * spread) @ design + penalty, gradient)
        solution = solution - step
        if numpy.abs(step).max() < 1e-8:
            break
    return Logistic(
        weights=tuple(solution[:-1].tolist()),
        bias=float(solution[-1]),
        mean=tuple(mean.tolist()),
        scale=tuple(scale.tolist()),
    )
