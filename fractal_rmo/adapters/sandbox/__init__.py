"""Jails on this machine, behind ``ports.sandbox``."""

from fractal_rmo.adapters.sandbox.zygotes import ZygoteSandbox

__all__ = ["ZygoteSandbox"]
