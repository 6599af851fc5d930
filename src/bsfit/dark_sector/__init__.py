"""Dark matter as models hand it over: channels, widths, couplings to nucleons; the early universe in `thermal`."""
