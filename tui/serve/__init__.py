"""`yester serve`: all that a front end needs, as lines of JSON over standard input and output (docs/serve.md)."""
