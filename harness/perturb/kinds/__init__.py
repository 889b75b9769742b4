"""The perturbations: one a module, each with an object ``PERTURBATION``."""
