"""The URLs of the peers, added to those of the project."""

import redis
from django.conf import settings
from django.core.cache import caches
from django.http import HttpResponse
from django.urls import include, path
from rest_framework import throttling
from rest_framework.authentication import BasicAuthentication, SessionAuthentication
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.permissions import AllowAny
from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer
from rest_framework.response import Response
from rest_framework.views import APIView

from courses import selectors
from courses.models import PUBLISHED, Course
from courses.serializers import CourseDetailSerializer, CourseSummarySerializer

source_cache = caches["source"]
redis_client = redis.Redis.from_url(settings.REDIS_URL)


def bare(request):
    return HttpResponse(b'{"ok":true}', content_type="application/json")


def bare_with_get(request):
    return HttpResponse(redis_client.get("bench:body"), content_type="application/json")


class StockAnon(throttling.AnonRateThrottle):
    cache = source_cache


class StockUser(throttling.UserRateThrottle):
    cache = source_cache


class StockScoped(throttling.ScopedRateThrottle):
    cache = source_cache


class SourceView(APIView):
    """The design of the source document: DRF's defaults, the three stock throttles, a dict in the cache."""

    authentication_classes = [SessionAuthentication, BasicAuthentication]
    parser_classes = [JSONParser, FormParser, MultiPartParser]
    renderer_classes = [JSONRenderer, BrowsableAPIRenderer]
    permission_classes = [AllowAny]
    throttle_classes = [StockAnon, StockUser, StockScoped]

    def cached(self, key, ttl, load):
        data = source_cache.get(key)
        how = "HIT"
        if data is None:
            data, how = load(), "MISS"
            source_cache.set(key, data, ttl)
        return Response(data, headers={"X-Cache": how})


def source_courses():
    return Course.objects.filter(PUBLISHED).select_related("category", "stats")


class SourceDetail(SourceView):
    """Its query and its serializer are made for each miss, as views of DRF do."""

    def load(self, pk):
        courses = source_courses().annotate(outline=selectors._outline())
        return CourseDetailSerializer(courses.get(pk=pk)).data

    def get(self, request, pk):
        return self.cached(f"v1:courses:detail:{pk}", 300, lambda: self.load(pk))


class SourceTop(SourceView):
    throttle_scope = "courses-top"

    def get(self, request):
        limit, order = int(request.query_params["limit"]), request.query_params["order"]
        key = f"v1:courses:top:{limit}:{order}"
        return self.cached(key, 60, lambda: self.load(limit, order))

    def load(self, limit, order):
        courses = selectors.ordered(source_courses().defer("description", "words"), order)
        return list(CourseSummarySerializer(courses[:limit], many=True).data)


urlpatterns = [
    path("bench/bare/", bare),
    path("bench/get/", bare_with_get),
    path("bench/source/courses/<int:pk>/", SourceDetail.as_view()),
    path("bench/source/top/", SourceTop.as_view()),
    path("", include("config.urls")),
]
