"""Names of the input sets that come with bsfit: files of ``data/inputs``."""

INPUT_SETS = ("default", "helicity", "seed", "flavio", "reference")
