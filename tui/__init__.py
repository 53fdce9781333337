"""Everything in the terminal: the Textual application and the command line."""
