"""Runs the processes of a Procfile, and leaves none behind however it ends."""
