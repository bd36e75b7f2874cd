"""Two members of staff, and students."""

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.models import User

from core.names import NameKey, name_key
from devtools.demo.plan import Plan
from messaging.models import VerifiedEmail

STUDENTS = {"small": 40, "large": 2_000}
SHOWN = ("admin", "student1", "student2")
FIRST_NAMES = ("Ada", "Alan", "Barbara", "Dennis", "Edsger", "Frances", "Grace", "Ken", "Margaret", "Radia")
LAST_NAMES = ("Abbott", "Baker", "Costa", "Dubois", "Eriksen", "Fischer", "Novak", "Rossi", "Silva", "Weber")


def fill(plan: Plan) -> int:
    taken = set(User.objects.values_list(NameKey("username"), flat=True))
    missing = {name for name in _usernames(plan) if name_key(name) not in taken}
    hashed = make_password(plan.password)  # only once, because it is slow on purpose
    users = [_user(plan, name, hashed) for name in sorted(missing)]
    added = User.objects.bulk_create(users, batch_size=1_000)
    VerifiedEmail.objects.bulk_create(
        [VerifiedEmail(user=user, address=user.email) for user in added], batch_size=1_000
    )
    return len(added)


def students() -> list[User]:
    """Return the demo students in the order of their numbers."""
    found = User.objects.filter(username__regex=r"^student\d+$").only("id", "username")
    return sorted(found, key=lambda user: int(user.username.removeprefix("student")))


def shown(password: str) -> list[str]:
    """Return the names of the users shown to the developer that have this password."""
    found = User.objects.filter(username__in=SHOWN).order_by("username")
    hashes = {user.password for user in found}  # users that were added together have the same hash
    matching = {hashed for hashed in hashes if check_password(password, hashed)}
    return [user.username for user in found if user.password in matching]


def _usernames(plan: Plan) -> set[str]:
    return {"admin"} | {f"student{number}" for number in range(1, STUDENTS[plan.size] + 1)}


def _user(plan: Plan, username: str, hashed: str) -> User:
    rng = plan.seeded_random(username, 0)
    is_admin = username == "admin"
    return User(
        username=username,
        first_name=rng.choice(FIRST_NAMES),
        last_name=rng.choice(LAST_NAMES),
        email=f"{username}@example.com",
        password=hashed,
        is_staff=is_admin,
        is_superuser=is_admin,
    )
