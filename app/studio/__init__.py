"""The process studio: drafts of models, comparing, trying, publishing, moving running cases."""
