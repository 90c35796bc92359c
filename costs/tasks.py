"""Tasks of this app: none yet."""
