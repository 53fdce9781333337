"""Options of plugins: what a plugin wants to know, where it may be said, and what holds.

A world turns what its plugins declare into slots (resolving.py), each with a kind (kinds.py). The host sends what each
place says as layers (layers.py), the environment first; the worker, which alone has seen the plugin's code, resolves
them. The native form of a declaration is an Option (spec.py).
"""
