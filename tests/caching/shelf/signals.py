from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save
from django.dispatch import receiver

from caching import rows_changed
from tests.caching.shelf.cache import (
    book_detail,
    book_pages,
    loose_names,
    reader_books,
    shelf_detail,
    shelf_labels,
)
from tests.caching.shelf.models import Book, Label, Loose, Shelf


def _touch(pks, shelves):
    for pk in pks:
        book_detail.touch(pk=pk)
        for sequel in Book.objects.filter(sequel_of=pk).values_list("pk", flat=True):
            book_detail.touch(pk=sequel)
    for shelf in shelves:
        if shelf is not None:
            shelf_detail.touch(pk=shelf)
    book_pages.touch()
    reader_books.touch_all()


@receiver(pre_save, sender=Book)
def touch_old_shelf(instance, **kwargs):
    """The shelf that the stored row is on."""
    _touch([], Book.objects.filter(pk=instance.pk).values_list("shelf", flat=True))


@receiver([post_save, post_delete], sender=Book)
def touch_book(instance, **kwargs):
    _touch([instance.pk], [instance.shelf_id])


@receiver(rows_changed, sender=Book)
def touch_books(pks, **kwargs):
    _touch(pks, Book.objects.filter(pk__in=pks).values_list("shelf", flat=True))


@receiver([post_save, post_delete], sender=Shelf)
@receiver(rows_changed, sender=Shelf)
def touch_shelf(**kwargs):
    shelf_detail.touch_all()
    book_detail.touch_all()


@receiver([post_save, post_delete], sender=Label)
def touch_label(instance, **kwargs):
    shelf_labels.touch(pk=instance.shelf_id)


@receiver(pre_save, sender=Label)
def touch_old_shelf_of_label(instance, **kwargs):
    touch_labels([instance.pk])


@receiver(rows_changed, sender=Label)
def touch_labels(pks, **kwargs):
    for shelf in Label.objects.filter(pk__in=pks).values_list("shelf", flat=True):
        shelf_labels.touch(pk=shelf)


@receiver(post_save, sender=Loose)
def touch_loose(**kwargs):
    loose_names.touch()


@receiver(m2m_changed, sender=Book.readers.through)
def touch_readers(**kwargs):
    reader_books.touch_all()
