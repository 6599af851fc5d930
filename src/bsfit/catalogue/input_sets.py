"""Names of the input sets that come with bsfit: files of ``data/inputs``, and of choices that change a few inputs."""

INPUT_SETS = ("default", "helicity", "seed", "flavio", "reference")
INPUT_CHOICES = (
    *("grvdv-2023", "flag-2021", "hpqcd-2022", "fnal-2021", "hpqcd-2023", "jlqcd-2023"),
    *("vcb-inclusive", "vcb-exclusive", "lambdab-nominal", "lambdab-higher-order"),
)
"""Files of ``data/inputs/choices``: joined to a set by ``+``, to the default one if none is named."""
