"""The places, one module each (docs/decisions/0041 says how to add one)."""
