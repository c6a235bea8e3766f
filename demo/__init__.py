"""`make demo`: the whole way through on this machine, told to whoever watches. `python -m demo` runs it."""
