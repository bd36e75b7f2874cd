from django.db import models


class Tag(models.Model):
    name = models.CharField(max_length=50)


class Product(models.Model):
    name = models.CharField(max_length=50)
    tags = models.ManyToManyField(Tag, related_name="products")


class Stock(models.Model):
    product = models.ForeignKey(Product, models.CASCADE, related_name="stocks")
    place = models.CharField(max_length=50)
    pieces = models.IntegerField(default=0)


class Receipt(models.Model):
    """A model in the database ``archive``."""

    text = models.CharField(max_length=50)
