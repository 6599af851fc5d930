"""Statistics over any `params -> log-likelihood`: no physics in this room.

What a user calls: `fit`, `lines` (many one-parameter fits at once), `profile`, `sample`. What they ask of a likelihood:
`target`. What they stand on: `space` (the box of free parameters), `minimise` (one batched Newton kernel), `curvature`
(its second derivatives), `descent` (optimisers of optax in front of it), `search` (the deepest minimum and its
surroundings), `scoring` (the same with many nuisances), `goodness` (chi2, pulls), `crossings` (ends of intervals),
`degeneracy` (directions the data do not see), `modes`, `diagnostics`, `significance`, `progress`.
"""
