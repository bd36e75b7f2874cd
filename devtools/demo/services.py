"""Services and plans, clients with their users, and their subscriptions."""

from datetime import timedelta
from decimal import Decimal
from itertools import islice
from random import Random

from django.contrib.auth.models import User
from django.db.models import Count
from django.utils import timezone

from clients.models import Client
from devtools.demo import users
from devtools.demo.plan import Plan as DemoPlan
from devtools.demo.plan import spread_over
from services.models import Plan, PriceChange, Recalculation, Service, Subscription

CLIENTS = {"small": 10, "large": 1_000}
SUBSCRIPTIONS = {"small": 60, "large": 100_000}
SERVICES = {
    "Course catalogue": Decimal(250),
    "Live lessons": Decimal("399.90"),
    "Mentoring": Decimal("1200.00"),
    "Certification": Decimal("89.99"),
    "Team reports": Decimal("149.50"),
}
PLANS = {Plan.PlanType.FULL: 0, Plan.PlanType.DISCOUNT: 5, Plan.PlanType.STUDENT: 20}
KINDS = ("Academy", "Consulting", "Institute", "Labs", "Works")
PLACES = ("Aachen", "Bergen", "Coimbra", "Dresden", "Espoo", "Graz", "Lyon", "Porto", "Riga", "Turin")
REGIONS = ("north", "east", "south", "west")
SOLD_DAYS = 182
CHANNELS = ("web", "phone", "partner")
FORMER, RISE, CENT = Decimal("0.9"), Decimal("1.05"), Decimal("0.01")
LAUNCHED_AGO, RAISED_AGO, RISES_IN = timedelta(days=200), timedelta(days=45), timedelta(days=30)
COMMENTS = ("", "", "", "renewed", "trial", "upgrade")


def fill(plan: DemoPlan) -> int:
    added = _fill_prices() if not Service.objects.exists() and not Plan.objects.exists() else 0
    return added + _fill_clients(plan) + _fill_subscriptions(plan)


def _fill_prices() -> int:
    """Add the plans, and the services with a former price, the present one and, for one, the next."""
    plans = [Plan(plan_type=kind, discount_percent=percent) for kind, percent in PLANS.items()]
    services = Service.objects.bulk_create(
        Service(name=name, full_price=(price * FORMER).quantize(CENT)) for name, price in SERVICES.items()
    )
    PriceChange.objects.update(effective_from=timezone.now() - LAUNCHED_AGO)  # triggers have added them
    for service in services:
        service.full_price = SERVICES[service.name]
        service.save()
    raised_at = timezone.now() - RAISED_AGO
    PriceChange.objects.filter(effective_from__gt=raised_at).update(effective_from=raised_at)
    service, next_price = services[0], SERVICES[services[0].name] * RISE
    PriceChange.objects.create(
        service=service, value=next_price.quantize(CENT), effective_from=timezone.now() + RISES_IN
    )
    return len(services) + len(Plan.objects.bulk_create(plans))


def _fill_clients(plan: DemoPlan) -> int:
    missing = CLIENTS[plan.size] - Client.objects.count()
    taken = set(Client.objects.values_list("user_id", flat=True))
    free = (user for user in users.students() if user.pk not in taken)
    clients = [_client(plan, user) for user in islice(free, max(missing, 0))]
    return len(Client.objects.bulk_create(clients, batch_size=1_000))


def _client(plan: DemoPlan, user: User) -> Client:
    rng = plan.seeded_random(f"client of {user.username}", 0)
    place = rng.choice(PLACES)
    return Client(
        user=user,
        company_name=f"{place} {rng.choice(KINDS)}",
        full_address=f"{rng.randint(1, 200)} Main Street, {place}",
    )


def _fill_subscriptions(plan: DemoPlan) -> int:
    clients, services, plans = _ids(Client), _ids(Service), _ids(Plan)
    added = 0
    existing = Subscription.objects.count()
    for numbers in plan.missing("subscriptions", existing, SUBSCRIPTIONS[plan.size], chunk=5_000):
        rngs = [plan.seeded_random("subscription", number) for number in numbers]
        rows = [_subscription(rng, clients, services, plans) for rng in rngs]
        rows = Subscription.objects.bulk_create(rows)
        ids = [row.pk for row in rows]
        Subscription.objects.filter(pk__in=ids).update(created_at=spread_over(SOLD_DAYS))
        added += len(rows)
    if not Recalculation.objects.exists():
        _fill_recalculations()
    return added


def _fill_recalculations() -> None:
    """Record what the rise of the prices made the workers do."""
    raised_at = timezone.now() - RAISED_AGO
    for service in Service.objects.annotate(total=Count("subscriptions")).order_by("pk"):
        Recalculation.objects.create(
            service=service,
            total=service.total,
            done=service.total,
            started_at=raised_at,
            updated_at=raised_at,
            finished_at=raised_at,
        )


def _ids(model: type[Client | Service | Plan]) -> list[int]:
    return list(model.objects.order_by("pk").values_list("pk", flat=True))


def _subscription(rng: Random, clients: list[int], services: list[int], plans: list[int]) -> Subscription:
    return Subscription(
        client_id=rng.choice(clients),
        service_id=rng.choice(services),
        plan_id=rng.choice(plans),
        comment=rng.choice(COMMENTS),
        region=rng.choice(REGIONS),
        channel=rng.choice(CHANNELS),
    )
