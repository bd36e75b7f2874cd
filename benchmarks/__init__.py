"""What `make bench` runs: each script measures the product and its peers side by side and prints a table."""
