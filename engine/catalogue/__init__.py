"""The catalogue: what every path ever was, in a local file that any client can make anew. Begin with catalogue.py."""
