"""The Standard Model's part that several processes and models share: CKM, running, coefficients, QED."""
