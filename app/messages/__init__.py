"""Messages to people inside the application (站内消息)."""
