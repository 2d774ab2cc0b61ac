"""FRACTAL-RMO: coding tasks in, results proven by execution out."""
