"""The courses over HTTP: the catalogue, and what its learners do."""
