"""What developing needs and production never imports: ``make run``, embedded servers, demo data."""
