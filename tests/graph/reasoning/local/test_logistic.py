"""Logistic regression."""

import numpy
import pytest

from graph.reasoning.local.logistic import Logistic, Vector, fit

WEIGHTS, BIAS = numpy.array([1.5, -2.0, 0.0]), 0.4


def sample(count: int, seed: int) -> tuple[Vector, Vector]:
    """Draw features, one of them far from the unit scale, and labels of the known model."""
    random = numpy.random.default_rng(seed)
    features = random.normal(size=(count, 3))
    chance = 1 / (1 + numpy.exp(-(features @ WEIGHTS + BIAS)))
    labels = (random.random(count) < chance).astype(float)
    return features * [1.0, 1.0, 100.0] + [0.0, 0.0, 50.0], labels


@pytest.fixture(scope="module")
def fitted() -> Logistic:
    """Fit on many draws."""
    features, labels = sample(20_000, 1)
    return fit(features, labels, sample_weights=numpy.ones(len(labels)))


def test_known_weights_are_recovered(fitted: Logistic) -> None:
    """In the units of the standardised features, the bias shifted by their means."""
    raw = numpy.asarray(fitted.weights) / numpy.asarray(fitted.scale)
    assert raw * [1, 1, 100] == pytest.approx(WEIGHTS, abs=0.08)
    assert fitted.bias - raw @ numpy.asarray(fitted.mean) == pytest.approx(BIAS, abs=0.08)


def test_probabilities_are_calibrated(fitted: Logistic) -> None:
    """Of the unseen cases given p, a share of about p is positive."""
    features, labels = sample(8_000, 2)
    given = numpy.array([fitted.probability(row) for row in features])
    for low in numpy.arange(0.0, 1.0, 0.2):
        chosen = (given >= low) & (given < low + 0.2)
        assert labels[chosen].mean() == pytest.approx(given[chosen].mean(), abs=0.05)


def test_a_weight_counts_as_repetition() -> None:
    """Twice the weight is the same as twice the sample."""
    features, labels = sample(200, 3)
    twice = numpy.concatenate([features, features[:50]]), numpy.concatenate([labels, labels[:50]])
    weights = numpy.where(numpy.arange(200) < 50, 2.0, 1.0)
    weighted = fit(features, labels, sample_weights=weights, ridge=1e-6)
    repeated = fit(*twice, sample_weights=numpy.ones(250), ridge=1e-6)
    row = features[7]
    assert weighted.probability(row) == pytest.approx(repeated.probability(row), abs=1e-4)


@pytest.mark.parametrize(
    "labels", [[0.0, 0.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0]], ids=["perfectly separable", "one class"]
)
def test_degenerate_lessons_give_finite_weights(labels: list[float]) -> None:
    """The penalty bounds them; a feature that never varies has no effect."""
    features = numpy.array([[0.0, 5.0], [1.0, 5.0], [2.0, 5.0], [3.0, 5.0]])
    model = fit(features, numpy.array(labels), sample_weights=numpy.ones(4))
    assert numpy.isfinite([*model.weights, model.bias]).all()
    assert model.weights[1] == pytest.approx(0.0)
    assert 0.5 < model.probability(features[3]) <= 1
