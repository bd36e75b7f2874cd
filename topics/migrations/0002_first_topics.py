"""Python, Django and DevOps exist from the start."""

from django.db import migrations

NAMES = ["Python", "Django", "DevOps"]


def create_topics(apps, schema_editor):
    Topic = apps.get_model("topics", "Topic")
    for name in NAMES:
        Topic.objects.get_or_create(name=name)


def delete_topics(apps, schema_editor):
    """Delete those of them that no user created or follows."""
    Topic = apps.get_model("topics", "Topic")
    Topic.objects.filter(name__in=NAMES, created_by=None, subscribers=None).delete()


class Migration(migrations.Migration):

    dependencies = [
        ("topics", "0001_initial"),
        ("caching", "0001_initial"),  # where what these writes invalidate waits while Redis is away
    ]

    operations = [migrations.RunPython(create_topics, delete_topics)]
