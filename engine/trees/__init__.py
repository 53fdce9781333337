"""Directories, lists and attribute sets as immutable nodes: the pure codecs of metadata."""
