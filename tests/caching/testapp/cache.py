from caching import ALL, Cached, CachedFamily
from tests.caching.interleaving import reach
from tests.caching.testapp.models import Book, Label, Loose, Mute, Shelf

loads: list[str] = []  # the loads that ran, so that a test can count them


def load_book(pk: int) -> dict:
    loads.append(f"book {pk}")
    reach("SELECT")
    book = Book.objects.select_related("shelf", "sequel_of").get(pk=pk)
    reach("SELECT done")
    return {
        "id": book.pk,
        "title": book.title,
        "shelf": book.shelf and book.shelf.name,
        "sequel_of": book.sequel_of and book.sequel_of.title,
    }


def load_page(**filters: object) -> dict:
    loads.append("page")
    reach("SELECT")
    books = Book.objects.order_by("pk")
    if shelf := filters.get("shelf"):
        books = books.filter(shelf=shelf)
    titles = list(books.values_list("title", flat=True))
    reach("SELECT done")
    return {"count": books.count(), "titles": titles}


def load_shelf(pk: int) -> dict:
    loads.append(f"shelf {pk}")
    shelf = Shelf.objects.get(pk=pk)
    titles = [book.title for book in shelf.books.order_by("pk")]
    return {"name": shelf.name, "titles": titles}


def load_readers(pk: int) -> dict:
    return {"books": list(Book.objects.filter(readers=pk).order_by("pk").values_list("title", flat=True))}


def load_labels(pk: int) -> list[str]:
    return sorted(Label.objects.filter(shelf=pk).values_list("name", flat=True))


def load_loose() -> list[str]:
    return sorted(Loose.objects.values_list("name", flat=True))


def load_mute() -> list[str]:
    return sorted(Mute.objects.values_list("name", flat=True))


book_detail = Cached(
    "v1:books:detail:{pk}",
    ttl=300,
    load=load_book,
    invalidated_by={Book: ["pk", "sequels__pk"], Shelf: "books__pk"},
)
book_pages = CachedFamily("v1:books:list", ttl=300, load=load_page, invalidated_by={Book: ALL}, max_fields=5)
shelf_detail = Cached(
    "v1:shelves:{pk}", ttl=60, load=load_shelf, invalidated_by={Shelf: "pk", Book: "shelf_id"}
)
reader_books = Cached(
    "reader:{pk}:books",
    ttl=60,
    load=load_readers,
    invalidated_by={Book: "readers__pk", Book.readers.through: "user_id"},
)
shelf_labels = Cached("labels:{pk}", ttl=60, load=load_labels, invalidated_by={Label: "shelf_id"})
loose_names = Cached("loose", ttl=60, load=load_loose, invalidated_by={Loose: ALL})
mute_names = Cached("mute", ttl=60, load=load_mute, invalidated_by={Mute: ALL})
