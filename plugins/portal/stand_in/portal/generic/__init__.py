"""Portal's parts that plugins see."""
