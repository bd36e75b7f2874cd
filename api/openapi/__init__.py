"""The OpenAPI schema: what drf-spectacular finds, and what it cannot know of the project."""
