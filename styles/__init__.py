"""Style sheets and themes: the only colours in the project."""
