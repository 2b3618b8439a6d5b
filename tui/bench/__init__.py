"""The benchmark tab and its dialogs."""
