"""From parameters to predicted values, and how these are compiled, expanded and differentiated: no data here."""
