"""Hadronic functions of (q2, inputs): form factors, charm loops, power corrections."""
