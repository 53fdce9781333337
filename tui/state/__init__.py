"""What the terminal program knows, and how it is worded and laid out; values and functions that know no terminal."""
