"""The code that runs beside and inside jails: started by exec, never imported by the host.

Standard library only; pytest, hypothesis, mypy and bandit are imported by the
zygote whose runtime needs them.  Nothing here imports another room.
"""
