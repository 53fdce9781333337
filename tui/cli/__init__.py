"""The command line: a module for each command or small group, loaded when it is used."""
