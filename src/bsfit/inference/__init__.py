"""Statistics over any `params -> log-likelihood`: no physics in this room.

`space` (the box of free parameters), `minimise` (one batched Newton kernel for everything below), `fit`, `lines`
(many one-parameter fits at once), `profile`, `sample`, `diagnostics`.
"""
