"""Comparison of automatic derivatives with central differences, for the tests."""

import jax
import numpy as np


def assert_derivatives(function, points, scale, tolerance=1e-6, second=True, step=1e-3):
    """First and second derivatives of ``function([n]) -> [m]`` agree with sixth-order central differences.

    At one point [n] or several [k, n]. The difference must be below tolerance times max(|derivative|,
    |function|/scale), `scale` [n] or [k, n] being the size over which the function changes by its own size; no
    derivative may be non-finite, and forward and reverse mode must agree.
    """
    points = np.atleast_2d(np.asarray(points, dtype=float))
    value, first, reverse = jax.jit(function), jax.jit(jax.jacfwd(function)), jax.jit(jax.jacrev(function))
    hessian = jax.jit(jax.jacfwd(jax.jacfwd(function))) if second else None
    for x, unit in zip(points, np.broadcast_to(np.asarray(scale, dtype=float), points.shape), strict=True):
        size = np.abs(np.asarray(value(x)))[:, None] / unit
        _compare(first(x), _differences(value, x, unit, step), size, tolerance)
        np.testing.assert_allclose(reverse(x), first(x), rtol=1e-9, atol=1e-12 * (size.max() + 1e-300))
        if hessian is not None:
            _compare(hessian(x), _differences(first, x, unit, step), size[:, :, None] / unit, tolerance)


def _compare(automatic, numerical, size, tolerance):
    automatic = np.asarray(automatic)
    assert np.all(np.isfinite(automatic))
    allowed = tolerance * np.maximum(np.abs(automatic), size)
    worst = np.max(np.abs(automatic - numerical) - allowed)
    assert worst <= 1e-300, (automatic, numerical)


def _differences(function, x, scale, step):
    columns = []
    for i in range(len(x)):
        h = np.zeros_like(x)
        h[i] = step * scale[i]
        parts = ((45, h), (-9, 2 * h), (1, 3 * h))
        total = sum(w * (np.asarray(function(x + d)) - np.asarray(function(x - d))) for w, d in parts)
        columns.append(total / (60 * step * scale[i]))
    return np.stack(columns, axis=-1)
