from shop.models import Product, Stock, Tag

from caching import ALL, Cached, CachedFamily


def load_product(pk):
    product = Product.objects.get(pk=pk)
    tags, stocks = product.tags.order_by("pk"), product.stocks.order_by("pk")
    return {
        "name": product.name,
        "tags": [tag.name for tag in tags],
        "pieces": {stock.place: stock.pieces for stock in stocks},
    }


def load_products(**filters):
    return list(Product.objects.filter(**filters).order_by("pk").values_list("name", flat=True))


product_detail = Cached(
    "product:{pk}",
    ttl=300,
    load=load_product,
    invalidated_by={
        Product: "pk", Stock: "product_id", Tag: "products__pk", Product.tags.through: "product_id",
    },
)  # fmt: skip
product_list = CachedFamily("products", ttl=300, load=load_products, invalidated_by={Product: ALL})
