"""Addresses under /api/v1/."""

from rest_framework.routers import SimpleRouter

from clients.views import ClientViewSet

router = SimpleRouter(use_regex_path=False)
router.register("clients", ClientViewSet)
urlpatterns = router.urls
