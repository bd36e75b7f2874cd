import django.db.models.deletion
from django.db import migrations, models


def key():
    field = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")
    return ("id", field)


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel("Receipt", [key(), ("text", models.CharField(max_length=50))]),
        migrations.CreateModel("Tag", [key(), ("name", models.CharField(max_length=50))]),
        migrations.CreateModel(
            "Product",
            [
                key(),
                ("name", models.CharField(max_length=50)),
                ("tags", models.ManyToManyField(related_name="products", to="shop.tag")),
            ],
        ),
        migrations.CreateModel(
            "Stock",
            [
                key(),
                ("place", models.CharField(max_length=50)),
                ("pieces", models.IntegerField(default=0)),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="stocks", to="shop.product"
                    ),
                ),
            ],
        ),
    ]
