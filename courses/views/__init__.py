"""The courses over HTTP: the catalogue, what learners do, certificates."""
