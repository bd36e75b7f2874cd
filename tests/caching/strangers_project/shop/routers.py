class ReceiptsAreArchived:
    """Receipts are in a database of their own; the cache's outbox is in both."""

    def db_for_read(self, model, **hints):
        return "archive" if model._meta.model_name == "receipt" else None

    db_for_write = db_for_read

    def allow_migrate(self, db, app_label, model_name=None, **hints):
        if app_label != "shop":
            return None
        return (db == "archive") == (model_name == "receipt")
