"""Long work over any pure function, in chunks of fixed size: no physics in this room.

`scan` is one likelihood on a grid.
"""
