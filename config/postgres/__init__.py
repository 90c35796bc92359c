"""Django's backend for Postgres, for a server whose threads come and go."""
