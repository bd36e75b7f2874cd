"""The page of topics. What a change records and invalidates is in topics/signals.py and cache.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from rest_framework.exceptions import NotFound

from api.http_cache import first_miss
from topics import actions, topic_list
from topics.forms import ListForm, TopicForm
from topics.models import MAX_NAME_LENGTH, Topic
from topics.pages import form_post, redirect_back
from web.pages import own_page

if TYPE_CHECKING:
    from django.http import HttpResponse

    from topics.pages import SignedInRequest

PAGE_SIZE = 20
MAX_MY_TOPICS = 30


@own_page
@require_safe
@login_required
def topics_view(request: SignedInRequest) -> HttpResponse:
    chosen = ListForm(request.GET).chosen()
    try:
        found = _read(request, **chosen)
    except NotFound:  # past the last page: its only topic may just have been deleted
        last = _pages(_read(request, **{**chosen, "page": 1}).total).num_pages
        return redirect(_address({**chosen, "page": last}))
    activity = topic_list.read_activity()
    response = render(request, "topics/topics.html", _context(request, chosen, found, activity))
    result = first_miss(found.result, activity.result)
    response["X-Cache"], response["Cache-Status"] = result.x_cache, result.cache_status
    return response


@form_post
def subscribe_view(request: SignedInRequest, pk: int) -> HttpResponseRedirect:
    topic = actions.subscribe(user=request.user, topic_id=pk)
    messages.success(request, _("Subscribed to “%(topic)s”.") % {"topic": topic})
    return redirect_back(request)


@form_post
def unsubscribe_view(request: SignedInRequest, pk: int) -> HttpResponseRedirect:
    topic = actions.unsubscribe(user=request.user, topic_id=pk)
    messages.success(request, _("Unsubscribed from “%(topic)s”.") % {"topic": topic})
    return redirect_back(request)


@form_post
def create_topic_view(request: SignedInRequest) -> HttpResponseRedirect:
    form = TopicForm(request.POST, instance=Topic(created_by=request.user))
    if form.try_to_save():
        messages.success(request, _("“%(topic)s” was created.") % {"topic": form.instance})
        return redirect_back(request)
    for error in form.errors["name"]:
        messages.error(request, str(error))
    given = request.POST.get("name", "").replace("\0", "")  # a query string cannot hold it
    return redirect_back(request, name=given[: 2 * MAX_NAME_LENGTH])


@form_post
def delete_topic_view(request: SignedInRequest, pk: int) -> HttpResponseRedirect:
    topic = actions.delete_topic(user=request.user, topic_id=pk)
    messages.success(request, _("“%(topic)s” was deleted.") % {"topic": topic})
    return redirect_back(request)


def _read(
    request: SignedInRequest, *, page: int = 1, search: str = "", mine: bool = False
) -> topic_list.TopicPage:
    return topic_list.read_topics(
        request.user, page=page, page_size=PAGE_SIZE, search=search or None, subscribed=mine
    )


def _pages(count: int) -> Paginator[int]:
    """Return the numbers of the pages only: their topics are read elsewhere."""
    return Paginator(range(count), PAGE_SIZE)


def _address(chosen: dict[str, Any]) -> str:
    return f"{reverse('topics:list')}?{urlencode(chosen)}" if chosen else reverse("topics:list")


def _context(
    request: SignedInRequest,
    chosen: dict[str, Any],
    found: topic_list.TopicPage,
    activity: topic_list.RecentActivity,
) -> dict[str, Any]:
    page = _pages(found.total).page(chosen.get("page", 1))
    return {
        "topics": found.topics,
        "count": found.total,
        "mine": found.mine[:MAX_MY_TOPICS],
        "mine_count": len(found.mine),
        "activities": activity.rows,
        "chosen": chosen,
        "here": _address(chosen),
        "page": page,
        "pages": page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1),
        "name": request.GET.get("name", ""),
        "max_name_length": MAX_NAME_LENGTH,
    }
