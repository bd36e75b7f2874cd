"""Makes rows for tests. Every factory gives a valid row; a test names only what it is about."""

from __future__ import annotations

import factory
from django.contrib.auth import get_user_model

from messaging.models import VerifiedEmail


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = get_user_model()
        skip_postgeneration_save = True

    username = factory.Sequence("learner{}".format)
    email = factory.LazyAttribute("{0.username}@example.com".format)
    first_name = "Анна"
    last_name = "Иванова"

    @factory.post_generation
    def verified(self, create, wanted, **_):
        """Verify the e-mail, unless it is created with verified=False."""
        if create and self.email and wanted is not False:
            VerifiedEmail.objects.create(user=self, address=self.email)
