"""Users and access tokens in the admin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group, User
from django.db import IntegrityError, transaction
from django.http import HttpResponseRedirect
from django.utils.translation import gettext_lazy, gettext_noop, ngettext

from accounts.account import erase_user
from accounts.forms import UniqueNames
from accounts.models import AccessToken, Session
from accounts.verification import send_verification
from core.admin import IssuedAdmin, ModelAdmin
from core.admin_actions import recorded_action
from core.admin_conflicts import GuardedForm
from core.personal_data import describe_erasure
from messaging.languages import language_of_user

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse


class AddUserForm(UniqueNames, AdminUserCreationForm):
    pass


class ChangeUserForm(UniqueNames, GuardedForm, UserChangeForm):
    pass


VERIFICATION_SENT = gettext_noop("Verification mail sent.")  # in the history

admin.site.unregister([User, Group])


@admin.register(Group)
class GroupAdmin(ModelAdmin, DjangoGroupAdmin):  # type: ignore[misc]
    """Django's, in the project's look."""


@admin.register(User)
class UserAdmin(ModelAdmin, DjangoUserAdmin):
    form = ChangeUserForm
    add_form = AddUserForm
    list_display = [
        *DjangoUserAdmin.list_display,  # type: ignore[misc]
        "is_active",
        "date_joined",
    ]
    actions = ["send_verification_mail"]

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the form again if another user took the name after it was validated."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except IntegrityError:
            text = gettext_lazy("Another user has this name or e-mail address.")
            self.message_user(request, text, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    @transaction.atomic
    def user_change_password(self, *args: Any, **kwargs: Any) -> Any:
        """Save the whole row of a user, who is locked."""
        return super().user_change_password(*args, **kwargs)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Return what a deletion does, and which permissions it needs. Nothing protects a user from it."""
        _, _, missing_permissions, _ = super().get_deleted_objects(objs, request)
        effects: list[Any] = []
        for user in objs:
            effects += [str(user), list(describe_erasure(user))]
        return effects, {User._meta.verbose_name_plural: len(effects) // 2}, missing_permissions, []

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        self.delete_queryset(request, User.objects.filter(pk=obj.pk))

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:  # noqa: ARG002
        """Delete users as they delete their own accounts."""
        ids = list(queryset.values_list("pk", flat=True))
        for user in User.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True):
            erase_user(user=user)

    @recorded_action(
        VERIFICATION_SENT,
        description=gettext_lazy("Send a verification mail"),
        permissions=["change"],
    )
    def send_verification_mail(self, request: HttpRequest, queryset: QuerySet[User]) -> list[User]:
        users = queryset.select_related("telegram", "verified_email").exclude(email="")
        sent = [
            user
            for user in users
            if send_verification(user=user, language=language_of_user(user, by_mail=True))
        ]
        text = ngettext("%d user gets a mail.", "%d users get a mail.", len(sent))
        self.message_user(request, text % len(sent))
        return sent


@admin.register(AccessToken)
class AccessTokenAdmin(IssuedAdmin):
    list_display = ["user", "created_at", "expires_at"]
    list_filter = ["created_at", "expires_at"]
    date_hierarchy = "created_at"


@admin.register(Session)
class SessionAdmin(IssuedAdmin):
    list_display = ["user", "signed_in_at", "expire_date", "agent"]
    fields = readonly_fields = ("user", "signed_in_at", "expire_date", "agent")
    list_filter = ["signed_in_at", "expire_date"]
    date_hierarchy = "expire_date"
