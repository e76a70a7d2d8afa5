"""The HTTP API: tokens, OpenAPI and the error format; each room's endpoints lie in its own `api.py`."""
