"""Addresses under /api/v1/."""

from rest_framework.routers import SimpleRouter

from topics.api_views import TopicViewSet

router = SimpleRouter(use_regex_path=False)
router.register("topics", TopicViewSet, basename="topic")
urlpatterns = router.urls
