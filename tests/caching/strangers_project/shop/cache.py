from shop.models import Product, Receipt, Stock, Tag

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
    products = Product.objects.filter(**filters).order_by("pk").prefetch_related("stocks")
    return [{"name": each.name, "places": [stock.place for stock in each.stocks.all()]} for each in products]


def load_receipt(pk):
    return Receipt.objects.get(pk=pk).text


# These lines are in the manual (caching/README.md).
product_detail = Cached(
    "product:{pk}",
    ttl=300,
    load=load_product,
    invalidated_by={
        Product: "pk",
        Stock: "product_id",
        Tag: "products__pk",
        Product.tags.through: "product_id",
    },
)
product_list = CachedFamily(
    "products", ttl=300, load=load_products, invalidated_by={Product: ALL, Stock: ALL}
)

receipt = Cached("receipt:{pk}", ttl=300, load=load_receipt, invalidated_by={Receipt: "pk"}, using="archive")
