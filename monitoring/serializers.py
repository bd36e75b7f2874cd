"""What the inspection of the cache answers."""

from typing import Any

from rest_framework import serializers

from monitoring.dashboard import rights


class CacheKeySerializer(serializers.Serializer[object]):
    key = serializers.CharField(help_text="The full name in Redis.")
    type = serializers.CharField(help_text="string, hash, list, set or zset.")
    ttl = serializers.IntegerField(allow_null=True, help_text="In how many seconds it expires; null: never.")
    size = serializers.IntegerField(help_text="How many bytes of Redis' memory it takes.")


class CacheKeyPageSerializer(serializers.Serializer[object]):
    cursor = serializers.IntegerField(allow_null=True, help_text="For the next page; null: the end.")
    results = CacheKeySerializer(many=True, help_text="The keys of this page.")


class CacheKeyDetailSerializer(CacheKeySerializer):
    value = serializers.JSONField(allow_null=True, help_text="Decoded JSON, or text.")


class SalesAmountSerializer(serializers.Serializer[object]):
    id = serializers.IntegerField(help_text="The service's or the plan's id.")
    name = serializers.CharField(help_text="Its name.")
    count = serializers.IntegerField(help_text="Its subscriptions.")
    amount = serializers.FloatField(help_text="The sum of their prices.")


class SalesSerializer(serializers.Serializer[object]):
    count = serializers.IntegerField(help_text="All subscriptions.")
    amount = serializers.FloatField(help_text="The sum of all prices.")
    services = SalesAmountSerializer(many=True, help_text="The services with the greatest sums.")
    plans = SalesAmountSerializer(many=True, help_text="The plans with the greatest sums.")


class PriceSourceSerializer(serializers.Serializer[object]):
    kind = serializers.ChoiceField(["service", "plan"], help_text="What it is.")
    id = serializers.IntegerField(help_text="Its id.")
    name = serializers.CharField(help_text="Its name.")


class RecalculationProgressSerializer(serializers.Serializer[object]):
    id = serializers.IntegerField(help_text="The recalculation's id.")
    kind = serializers.ChoiceField(["service", "plan"], help_text="What its prices follow.")
    name = serializers.CharField(help_text="The service or plan whose prices it computes.")
    done = serializers.IntegerField(help_text="Subscriptions computed.")
    total = serializers.IntegerField(help_text="Subscriptions to compute.")
    finished_at = serializers.DateTimeField(allow_null=True, help_text="Its end; null while it runs.")


class PriceChangedSerializer(PriceSourceSerializer):
    value = serializers.FloatField(help_text="The price, or the discount in per cent.")
    effective_from = serializers.DateTimeField(help_text="From when on.")
    user_name = serializers.CharField(allow_null=True, help_text="The user who changed it; null: none known.")
    via = serializers.CharField(help_text="By what: a request, a task, or SQL.")


class RatedCourseSerializer(serializers.Serializer[object]):
    id = serializers.IntegerField(help_text="The course's id.")
    title = serializers.CharField(help_text="The course's title.")
    rating = serializers.FloatField(help_text="The mean of its reviews.")
    students = serializers.IntegerField(help_text="Its students.")


class OverdueListSerializer(serializers.Serializer[object]):
    id = serializers.IntegerField(help_text="The task list's id.")
    name = serializers.CharField(help_text="The task list's name.")
    count = serializers.IntegerField(help_text="Its overdue tasks.")


class OverdueTasksSerializer(serializers.Serializer[object]):
    count = serializers.IntegerField(help_text="All overdue tasks.")
    lists = OverdueListSerializer(many=True, help_text="The lists with the most of them.")


class HistoryEventSerializer(serializers.Serializer[object]):
    id = serializers.IntegerField(help_text="The event's id.")
    action_time = serializers.DateTimeField(help_text="When it happened.")
    action_flag = serializers.IntegerField(help_text="1: added, 2: changed, 3: deleted.")
    user_name = serializers.CharField(help_text="The user who did it.")
    app = serializers.CharField(allow_null=True, help_text="The app of the row.")
    model = serializers.CharField(allow_null=True, help_text="The model of the row.")
    object_id = serializers.CharField(allow_null=True, help_text="The row's id.")
    object_repr = serializers.CharField(help_text="The row's name then.")
    others = serializers.IntegerField(help_text="To how many more rows the same was done within that second.")
    change_message = serializers.CharField(help_text="What was changed, as the admin pages record it.")


class NumbersSerializer(serializers.Serializer[object]):
    """The dashboard's numbers from the database."""

    weeks = serializers.ListField(child=serializers.DateField(), help_text="The first days of the weeks.")
    sales = SalesSerializer(help_text="Subscriptions by service and plan.")
    subscribed = serializers.ListField(
        child=serializers.IntegerField(), help_text="Subscriptions that began, by week."
    )
    pending = PriceSourceSerializer(
        many=True, help_text="Services and plans whose prices are not yet computed."
    )
    recalculations = RecalculationProgressSerializer(many=True, help_text="Those that run, then the last.")
    price_changes = PriceChangedSerializer(many=True, help_text="The last changes of prices and discounts.")
    enrolled = serializers.ListField(child=serializers.IntegerField(), help_text="Enrolments, by week.")
    completed = serializers.ListField(child=serializers.IntegerField(), help_text="Completions, by week.")
    best_rated = RatedCourseSerializer(many=True, help_text="The courses with the best ratings.")
    overdue = OverdueTasksSerializer(help_text="Tasks whose deadline has passed.")
    undelivered = serializers.DictField(
        child=serializers.IntegerField(), help_text="Messages that are not delivered, by state."
    )
    events = HistoryEventSerializer(many=True, help_text="What just happened.")


class CacheRateSerializer(serializers.Serializer[object]):
    key = serializers.CharField(help_text="The declaration's key.")
    reads = serializers.IntegerField(help_text="All reads.")
    hit_percent = serializers.FloatField(allow_null=True, help_text="Those answered by the cache.")
    bypasses = serializers.IntegerField(help_text="Reads that went to the database.")
    invalidations = serializers.IntegerField(help_text="Invalidations by commits.")


class CacheStateSerializer(serializers.Serializer[object]):
    breaker = serializers.ChoiceField(["open", "closed"], help_text="This process's circuit breaker.")
    outbox = serializers.IntegerField(help_text="Invalidations that wait for Redis.")
    hour = CacheRateSerializer(many=True, allow_null=True, help_text="Of the last hour; null: unknown.")
    day = CacheRateSerializer(many=True, allow_null=True, help_text="Of the last day; null: unknown.")


class WorkerQueueSerializer(serializers.Serializer[object]):
    name = serializers.CharField(help_text="The queue's name.")
    waiting = serializers.IntegerField(allow_null=True, help_text="Tasks that wait; null: unknown.")
    workers = serializers.IntegerField(
        allow_null=True, help_text="Workers that served it within a minute; null: unknown."
    )
    served_at = serializers.FloatField(
        allow_null=True, help_text="When a worker last served it, in seconds since 1970; null: unknown."
    )


class DashboardSerializer(NumbersSerializer):
    """The numbers that the caller's permissions include, and the state of the system."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        for name in rights.MODELS:
            fields[name].required = False  # missing, unless the caller may view its rows
        return fields

    cache = CacheStateSerializer(help_text="The cache, as this process sees it.")
    queues = WorkerQueueSerializer(many=True, help_text="The queues of background tasks.")
    beat = serializers.FloatField(
        allow_null=True, help_text="When beat last sent a task, in seconds since 1970; null: unknown."
    )
