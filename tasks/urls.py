"""Addresses under /api/v1/."""

from django.urls import path

from tasks.views import lists, tasks

urlpatterns = [
    path("lists/", lists.Lists.as_view(), name="task-lists"),
    path("lists/<int:pk>/", lists.ListDetail.as_view(), name="task-list"),
    path("lists/<int:pk>/tasks/", lists.ListTasks.as_view(), name="task-list-tasks"),
    path("tasks/", tasks.Tasks.as_view(), name="tasks"),
    path("tasks/bulk/", tasks.BulkTasks.as_view(), name="task-bulk"),
    path("tasks/<int:pk>/", tasks.TaskDetail.as_view(), name="task"),
    path("tasks/<int:pk>/start/", tasks.Start.as_view(), name="task-start"),
    path("tasks/<int:pk>/complete/", tasks.Complete.as_view(), name="task-complete"),
    path("tasks/<int:pk>/reopen/", tasks.Reopen.as_view(), name="task-reopen"),
]
