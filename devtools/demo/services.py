"""Services and plans, clients with their users, and their subscriptions."""

from decimal import Decimal
from itertools import islice
from random import Random

from django.contrib.auth.models import User

from clients.models import Client
from devtools.demo import users
from devtools.demo.plan import Plan as DemoPlan
from services.models import Plan, Service, Subscription

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
CHANNELS = ("web", "phone", "partner")
COMMENTS = ("", "", "", "renewed", "trial", "upgrade")


def fill(plan: DemoPlan) -> int:
    added = _fill_prices() if not Service.objects.exists() and not Plan.objects.exists() else 0
    return added + _fill_clients(plan) + _fill_subscriptions(plan)


def _fill_prices() -> int:
    services = [Service(name=name, full_price=price) for name, price in SERVICES.items()]
    plans = [Plan(plan_type=kind, discount_percent=percent) for kind, percent in PLANS.items()]
    return len(Service.objects.bulk_create(services)) + len(Plan.objects.bulk_create(plans))


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
        added += len(Subscription.objects.bulk_create(rows))
    return added


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
