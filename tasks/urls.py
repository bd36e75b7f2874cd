"""Addresses under /api/v1/."""

from rest_framework.routers import SimpleRouter

from tasks.views import TaskListViewSet, TaskViewSet


class Router(SimpleRouter):
    """DRF's, with the names ``tasks`` for all and ``task`` for one."""

    routes = [
        route._replace(name=route.name.replace("{basename}-list", "{basename}s").replace("-detail", ""))
        for route in SimpleRouter.routes
    ]


router = Router(use_regex_path=False)
router.register("lists", TaskListViewSet, basename="task-list")
router.register("tasks", TaskViewSet, basename="task")
urlpatterns = router.urls
