"""The commands of the command line: tables of options, and the functions that do the work."""
