"""Help where one stands: a short text for each page, the office's own word on each step, a tour, a training way."""
