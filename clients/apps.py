from django.apps import AppConfig

from core import personal_data


class ClientsConfig(AppConfig):
    name = "clients"

    def ready(self) -> None:
        # A company outlasts the user who signs in for it: its subscriptions were paid.
        personal_data.keep("clients.Client.user")
