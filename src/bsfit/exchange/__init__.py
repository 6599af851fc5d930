"""Files of other codes, written from what bsfit knows."""
