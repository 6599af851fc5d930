"""Comparison of automatic derivatives with central differences, for the tests."""

import jax
import numpy as np

from bsfit.compiling import compiled_for


def assert_derivatives(function, points, scale, tolerance=1e-6, second=True, step=1e-3):
    """First and second derivatives of ``function([n]) -> [m]`` agree with sixth-order central differences.

    At one point [n] or several [k, n]. The difference must be below tolerance times max(|derivative|,
    |function|/scale), where the function counts with its largest value at the points and `scale` [n] or [k, n] is the
    size over which it changes by its own size; no derivative may be non-finite, and both modes must agree.
    """
    points = np.atleast_2d(np.asarray(points, dtype=float))
    value, first = compiled_for(function, points[0]), compiled_for(jax.jacfwd(function), points[0])
    others = [jax.jacrev(function), *([jax.jacfwd(jax.jacfwd(function))] if second else [])]
    at_each_point = compiled_for(lambda x: [f(x) for f in others], points[0])
    typical = np.max([np.abs(np.asarray(value(x))) for x in points], axis=0)
    for x, unit in zip(points, np.broadcast_to(np.asarray(scale, dtype=float), points.shape), strict=True):
        size = typical[:, None] / unit
        _compare(first(x), _differences(value, x, unit, step), size, tolerance)
        reverse, *hessian = at_each_point(x)
        np.testing.assert_allclose(reverse, first(x), rtol=1e-9, atol=1e-12 * (size.max() + 1e-300))
        for curvature in hessian:
            _compare(curvature, _differences(first, x, unit, step), size[:, :, None] / unit, tolerance)


def assert_slopes_of_a_density(log_density, x):
    """Derivatives of ``log_density([n]) -> number`` by ln x [n] against differences of sixth order of its program.

    They agree to 1e-6 of a slope, or to 1e-9 of the largest, which is what differences of this step resolve; it is
    shorter the steeper the density is, as beside a resonance.
    """
    x = np.asarray(x, dtype=float)
    found = np.asarray(compiled_for(jax.jacfwd(log_density), x)(x)) * x
    h = 2e-3 / (1.0 + np.max(np.abs(found)))
    steps = x * (1 + h * np.concatenate([k * np.eye(len(x)) for k in (-3, -2, -1, 1, 2, 3)]))
    v = np.asarray(compiled_for(jax.vmap(log_density), steps)(steps)).reshape(6, -1)
    expected = (45 * (v[3] - v[2]) - 9 * (v[4] - v[1]) + v[5] - v[0]) / (60 * h)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9 * np.max(np.abs(found)))


def _compare(automatic, differences, size, tolerance):
    automatic, (numerical, rounding) = np.asarray(automatic), differences
    assert np.all(np.isfinite(automatic))
    allowed = tolerance * np.maximum(np.abs(automatic), size) + rounding
    worst = np.unravel_index(np.argmax(np.abs(automatic - numerical) - allowed), automatic.shape)
    message = f"at {worst}: automatic {automatic[worst]}, numerical {numerical[worst]}, allowed {allowed[worst]}"
    assert np.all(np.abs(automatic - numerical) <= allowed), message


def _differences(function, x, scale, step):
    """Difference quotients along every input, and their rounding errors."""
    quotients, rounding = [], []
    for i in range(len(x)):
        h = np.zeros_like(x)
        h[i] = step * scale[i]
        values = {k: np.asarray(function(x + k * h)) for k in (-3, -2, -1, 1, 2, 3)}
        total = sum(w * (values[k] - values[-k]) for w, k in ((45, 1), (-9, 2), (1, 3)))
        quotients.append(total / (60 * h[i]))
        rounding.append(1e-14 * np.max(np.abs(np.stack(list(values.values()))), axis=0) / h[i])
    return np.stack(quotients, axis=-1), np.stack(rounding, axis=-1)
