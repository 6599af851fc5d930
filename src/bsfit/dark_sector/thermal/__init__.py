"""Dark matter in the plasma of the early universe: degrees of freedom, thermal averages, freeze-out."""
