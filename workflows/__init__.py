"""The engine layer over SpiffWorkflow: knows no Flask, no database, no room of the application."""
