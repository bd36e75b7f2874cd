from caching import Cached, CachedFamily
from tests.caching.shelf.models import Book, Loose, Shelf

loads: list[str] = []  # what was loaded, so that a test can count


def load_book(pk: int) -> dict:
    loads.append(f"book {pk}")
    book = Book.objects.select_related("shelf").get(pk=pk)
    return {"id": book.pk, "title": book.title, "shelf": book.shelf and book.shelf.name}


def load_page(**filters: object) -> dict:
    loads.append("page")
    books = Book.objects.order_by("pk")
    if shelf := filters.get("shelf"):
        books = books.filter(shelf=shelf)
    titles = list(books.values_list("title", flat=True))
    return {"count": books.count(), "titles": titles}


def load_shelf(pk: int) -> dict:
    loads.append(f"shelf {pk}")
    shelf = Shelf.objects.get(pk=pk)
    titles = [book.title for book in shelf.books.order_by("pk")]
    return {"name": shelf.name, "titles": titles}


def load_readers(pk: int) -> dict:
    return {"books": list(Book.objects.filter(readers=pk).order_by("pk").values_list("title", flat=True))}


book_detail = Cached("v1:books:detail:{pk}", ttl=300, load=load_book, depends_on=[Book, Shelf])
book_pages = CachedFamily("v1:books:list", ttl=300, load=load_page, depends_on=[Book], most=5)
shelf_detail = Cached("v1:shelves:{pk}", ttl=60, load=load_shelf, depends_on=[Book, Shelf])
reader_books = Cached("reader:{pk}:books", ttl=60, load=load_readers, depends_on=[Book, Book.readers.through])
loose_names = Cached(
    "loose", ttl=60, load=lambda: sorted(Loose.objects.values_list("name", flat=True)), depends_on=[Loose]
)
