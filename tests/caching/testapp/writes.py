from tests.caching.testapp.models import Book


def rename(pk: int, title: str = "new") -> str:
    book = Book.objects.get(pk=pk)
    book.title = title
    book.save()
    return title
