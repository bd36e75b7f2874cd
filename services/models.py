"""Services, plans and subscriptions: data and database constraints.

Only the database writes a subscription's price. Triggers (migrations/0002_prices.py) give a service
and a plan a new revision whenever their price or discount changes, and price a subscription in the
statement that adds it or moves it to another service or plan; services/recalculation.py brings up
to date what a new revision left behind. docs/prices.md explains why, with timelines.
"""

from __future__ import annotations

from typing import Any, Literal

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.contrib.postgres.indexes import OpClass
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Floor, Now, Upper
from django.dispatch import Signal

from clients.models import Client
from core.names import NameField

FIRST_REVISION = 1
NEVER_PRICED = 0

PriceStatus = Literal["current", "pending"]


# Rows of a service or a plan were changed by one statement. Sent inside its transaction.
prices_changed = Signal()


class PriceSourceQuerySet(models.QuerySet["Any"]):
    """Sends a signal for ``update()``, which sends no post_save; ``bulk_update()`` calls it."""

    def update(self, **values: Any) -> int:
        count = super().update(**values)
        prices_changed.send(sender=self.model)
        return count

    update.alters_data = True  # type: ignore[attr-defined]  # for templates


class Service(models.Model):
    """``revision`` counts what the database has seen of changes of ``full_price``."""

    name = NameField(max_length=50)
    full_price = models.DecimalField(max_digits=12, decimal_places=2, validators=[MinValueValidator(0)])
    revision = models.PositiveBigIntegerField(db_default=FIRST_REVISION, editable=False)

    objects = PriceSourceQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(name=""), name="service_name_not_empty"),
            models.CheckConstraint(
                condition=models.Q(full_price__gte=0), name="service_full_price_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return str(self.name)


class Plan(models.Model):
    """``revision`` counts what the database has seen of changes of ``discount_percent``."""

    class PlanType(models.TextChoices):
        FULL = "full", "Full"
        STUDENT = "student", "Student"
        DISCOUNT = "discount", "Discount"

    plan_type = models.CharField(max_length=10, choices=PlanType)
    discount_percent = models.PositiveSmallIntegerField(
        default=0, validators=[MinValueValidator(0), MaxValueValidator(100)]
    )
    revision = models.PositiveBigIntegerField(db_default=FIRST_REVISION, editable=False)

    objects = PriceSourceQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(plan_type__in=["full", "student", "discount"]), name="plan_type_known"
            ),
            models.CheckConstraint(
                condition=models.Q(discount_percent__gte=0, discount_percent__lte=100),
                name="plan_discount_percent_0_to_100",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_plan_type_display()} −{self.discount_percent} %"


class Subscription(models.Model):
    """``price`` is what it cost at ``service_revision`` and ``plan_revision``, computed at ``priced_at``.

    It is current while these are the revisions of its service and plan.
    """

    PRICED = ("price", "priced_at", "service_revision", "plan_revision")

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="subscriptions", db_index=False)
    service = models.ForeignKey(
        Service, on_delete=models.PROTECT, related_name="subscriptions", db_index=False
    )
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="subscriptions", db_index=False)
    price = models.DecimalField(max_digits=12, decimal_places=2, db_default=0, editable=False)
    priced_at = models.DateTimeField(db_default=Now(), editable=False)
    service_revision = models.PositiveBigIntegerField(db_default=NEVER_PRICED, editable=False)
    plan_revision = models.PositiveBigIntegerField(db_default=NEVER_PRICED, editable=False)
    comment = models.CharField(max_length=50, default="", blank=True)
    region = models.CharField(max_length=50, default="", blank=True)
    channel = models.CharField(max_length=50, default="", blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        # None holds a column of PRICED: so a new price adds an entry to none (a HOT update).
        indexes = [
            # A recalculation walks these. Filters and orders use them too.
            models.Index(fields=["service", "id"], name="subscription_by_service"),
            models.Index(fields=["plan", "id"], name="subscription_by_plan"),
            # Totals of a selection are made of how many there are on each service and plan.
            models.Index(fields=["client", "service", "plan"], name="subscription_of_client"),
            models.Index(fields=["region", "channel", "service", "plan"], name="subscription_of_region"),
            models.Index(fields=["channel", "service", "plan"], name="subscription_of_channel"),
            # For prefixes too, whatever the database's collation: a plain index serves LIKE under C alone.
            models.Index(
                fields=["comment"], name="subscription_comment_prefix", opclasses=["varchar_pattern_ops"]
            ),
            # The search looks for how a comment begins in any case.
            models.Index(OpClass(Upper("comment"), "text_pattern_ops"), name="subscription_comment_search"),
            # For the order of the list.
            models.Index(fields=["comment", "id"], name="subscription_by_comment"),
            # For the admin's filter by date.
            models.Index(fields=["created_at"], name="subscription_by_created_at"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(price__gte=0), name="subscription_price_not_negative"),
        ]

    def __str__(self) -> str:
        """Return who has what: by name where all is loaded, because a list must not load each."""
        model: Any = type(self)
        if all(field.is_cached(self) for field in (model.client, model.service, model.plan)):
            return f"{self.client}: {self.service}, {self.plan}"
        return f"Subscription {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save all fields but the price's. They are read again when they are next accessed."""
        if not self._state.adding:
            for name in self.PRICED:
                self.__dict__.pop(name, None)  # deferred: Django neither writes nor keeps it
        super().save(*args, **kwargs)

    @property
    def price_status(self) -> PriceStatus:
        """Return whether the price is final. Reads the service and the plan: select them with the row."""
        priced = self.service_revision, self.plan_revision
        return "current" if priced == (self.service.revision, self.plan.revision) else "pending"


# A row is about a service or about a plan.
ONE_SOURCE = models.Q(service__isnull=True, plan__isnull=False) | models.Q(
    service__isnull=False, plan__isnull=True
)


class Recalculation(models.Model):
    """The progress of bringing the prices of one service or one plan up to date.

    It is shown to people. What is left to do is never read from here, but from the revisions.
    """

    service = models.ForeignKey(Service, on_delete=models.CASCADE, null=True, related_name="recalculations")
    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, null=True, related_name="recalculations")
    total = models.PositiveBigIntegerField(default=0)
    done = models.PositiveBigIntegerField(default=0)
    started_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=ONE_SOURCE, name="recalculation_of_service_or_plan"),
            *(
                models.UniqueConstraint(
                    fields=[source],
                    condition=models.Q(finished_at__isnull=True),
                    name=f"one_recalculation_of_{source}_at_a_time",
                )
                for source in ("service", "plan")
            ),
        ]
        indexes = [models.Index(fields=["finished_at"], name="recalculation_finished")]

    def __str__(self) -> str:
        return f"{self.done} of {self.total} for {self.service or self.plan}"


# Column defaults: who or what the transaction acts for (services/attribution.py).
ACTOR_USER, ACTOR_VIA = (models.Func(function=f"services_actor_{part}") for part in ("user", "via"))


class PriceChange(models.Model):
    """A service's price, or a plan's discount, from a moment on.

    Triggers (migrations/0008_price_history.py) add one for every change of the service or plan. One whose
    moment is in the future is scheduled: services/scheduling.py applies it. It outlives its service or plan,
    because former prices of subscriptions refer to it.
    """

    # Not from a sequence: a data-only restore adds rows by trigger, whose ids must not be those restored.
    id = models.UUIDField(primary_key=True, db_default=RandomUUID(), editable=False)
    service = models.ForeignKey(
        Service,
        on_delete=models.DO_NOTHING,
        null=True,
        blank=True,
        related_name="price_changes",
        db_constraint=False,
        db_index=False,
    )
    plan = models.ForeignKey(
        Plan,
        on_delete=models.DO_NOTHING,
        null=True,
        blank=True,
        related_name="price_changes",
        db_constraint=False,
        db_index=False,
    )
    value = models.DecimalField(max_digits=12, decimal_places=2, validators=[MinValueValidator(0)])
    effective_from = models.DateTimeField()
    applied_at = models.DateTimeField(null=True, editable=False)
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        db_default=ACTOR_USER,
        editable=False,
    )
    via = models.CharField(max_length=200, db_default=ACTOR_VIA, editable=False)

    class Meta:
        ordering = ["-effective_from"]
        constraints = [
            models.CheckConstraint(condition=ONE_SOURCE, name="price_change_of_service_or_plan"),
            models.CheckConstraint(
                condition=models.Q(value__gte=0)
                & (models.Q(plan__isnull=True) | models.Q(value__lte=100, value=Floor("value"))),
                name="price_change_value_possible",
            ),
            *(
                models.UniqueConstraint(
                    fields=[source, "effective_from"], name=f"one_change_of_{source}_at_a_moment"
                )
                for source in ("service", "plan")
            ),
        ]
        indexes = [
            models.Index(
                fields=["effective_from"],
                condition=models.Q(applied_at__isnull=True),
                name="price_change_scheduled",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.value} from {self.effective_from:%Y-%m-%d %H:%M:%S %Z}"


class SubscriptionMove(models.Model):
    """The service and plan that a subscription had until a moment. A trigger adds it."""

    id = models.UUIDField(primary_key=True, db_default=RandomUUID(), editable=False)
    subscription = models.ForeignKey(
        Subscription, on_delete=models.DO_NOTHING, related_name="moves", db_constraint=False
    )
    service = models.ForeignKey(
        Service, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    plan = models.ForeignKey(
        Plan, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    moved_at = models.DateTimeField()
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        db_default=ACTOR_USER,
    )
    via = models.CharField(max_length=200, db_default=ACTOR_VIA)

    class Meta:
        ordering = ["moved_at"]

    def __str__(self) -> str:
        return f"{self.subscription_id} until {self.moved_at}"
