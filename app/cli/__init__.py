"""Commands of operators: `flask --app wsgi …`."""
