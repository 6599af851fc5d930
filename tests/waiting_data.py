"""Measurements that no packaged set holds yet: what would stand in `latest` without them is asked of the others."""

from bsfit.loading.selection import available

WAITING = {
    "lhcb-kstarmumu-angular-2025",
    "lhcb-kstarmumu-br-2025",
    "lhcb-kstaree-angular-2025",
    "lhcb-phiee-angular-2025",
    "lhcb-phimumu-asymmetries-2015",
    "cms-kstarmumu-p-2024",
    "cms-kstarplusmumu-angular-2020",
    "belle-kmumu-br-2021",
    "belle-kstarmumu-br-2021",
    "hflav-kstargamma-br-2024",
}


def settled():
    """All measurements but those."""
    return [m for m in available().values() if m.name not in WAITING]
