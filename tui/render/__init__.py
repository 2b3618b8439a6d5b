"""Pure functions that turn snapshots into lines and cells. Styles are palette names, never colours."""
