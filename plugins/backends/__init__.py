"""Storage backends: the places that repositories can lie in."""
