"""Recorded runs: the store, what writes to it and what reads from it.

What belongs here: everything that knows a run outlives its process. What does not: how a state or
a result becomes JSON (`wire`) and how a task runs (`engine`).
"""
