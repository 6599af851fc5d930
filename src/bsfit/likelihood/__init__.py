"""Where physics meets statistics: data, predictions and theory errors joined in one log-likelihood."""
