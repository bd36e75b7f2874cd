"""Addresses that exist only here: each fails, or is limited, in one particular way."""

import pytest
from django.contrib import messages
from django.contrib.auth.models import Group
from django.db import connection
from django.db.models import ProtectedError
from django.http import Http404, HttpResponse
from django.urls import include, path
from rest_framework import exceptions, serializers
from rest_framework.authentication import SessionAuthentication, TokenAuthentication
from rest_framework.mixins import CreateModelMixin, ListModelMixin
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.viewsets import GenericViewSet, ViewSet

from api.fields import DateTimeField, DecimalField, IdField, IntegerField, PrimaryKeyRelatedField
from api.http_cache import json_response, require_match
from api.pagination import PageQuery
from api.permissions import ModelPermissions, ModelPermissionsOrReadOnly
from api.problems.exceptions import Conflict
from api.query import QuerySerializer
from api.serializers import ModelSerializer, Serializer, refuse_body
from api.views import APIView, StrictQuery
from api.viewsets import ModelViewSet
from courses.models import Category, Course


class LimitQuery(QuerySerializer):
    limit = IntegerField(min_value=1, max_value=100, default=5)


class Open(APIView):
    permission_classes = [AllowAny]

    def get(self, request):
        return json_response(request, {"ok": True})

    def put(self, request):
        require_match(request, '"now"')
        return Response(request.data)

    post = put


class Scoped(Open):
    throttle_scope = "courses-top"


class Limited(StrictQuery, ViewSet):
    """Takes one parameter."""

    permission_classes = [AllowAny]
    query_serializers = {"show": LimitQuery}

    def show(self, request):
        return json_response(request, self.query)


class ManyQuery(QuerySerializer):
    """One parameter of each kind."""

    limit = IntegerField(min_value=1, max_value=100, default=5)
    order = serializers.ChoiceField(choices=["id", "-id"], default="-id")
    min_rating = DecimalField(max_digits=3, decimal_places=2, min_value=0, max_value=5, default=None)
    search = serializers.CharField(max_length=10, allow_blank=True, default=None)
    since = DateTimeField(default=None)
    owner = IdField(default=None)
    overdue = serializers.BooleanField(default=None)
    word = serializers.CharField(min_length=2, max_length=20, default=None)


class Many(Limited):
    query_serializers = {"show": ManyQuery}


class Numbers(Serializer):
    n = IntegerField(required=False)
    group = PrimaryKeyRelatedField(queryset=Group.objects.all(), required=False)
    groups = PrimaryKeyRelatedField(queryset=Group.objects.all(), many=True, required=False)
    made = serializers.CharField(read_only=True)


class Choosing(Serializer):
    """One field of each kind."""

    choice = serializers.ChoiceField(["daily", "weekly"], allow_null=True, required=False)
    flag = serializers.BooleanField(required=False)
    number = IntegerField(min_value=1, max_value=5, required=False)
    percent = IntegerField(min_value=0, required=False)
    price = DecimalField(max_digits=12, decimal_places=2, min_value=0, required=False)
    text = serializers.CharField(max_length=20, required=False)
    note = serializers.CharField(max_length=20, allow_blank=True, required=False)
    word = serializers.CharField(min_length=2, max_length=20, required=False)
    address = serializers.EmailField(max_length=254, required=False)
    moment = DateTimeField(required=False)
    row = PrimaryKeyRelatedField(queryset=Group.objects.all(), required=False)
    ids = serializers.ListField(child=IdField(), required=False)
    code = serializers.RegexField("^[A-Z]+$", error_messages={"invalid": "must be A to Z"}, required=False)

    def validate_word(self, word):
        raise serializers.ValidationError("The word is taken.")


class Kinds(Open):
    def post(self, request):
        Choosing(data=request.data).is_valid(raise_exception=True)


class Strict(Open):
    def post(self, request):
        serializer = Numbers(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response(Numbers(serializer.validated_data).data)


class Bare(Open):
    def post(self, request):
        refuse_body(request)
        return Response(status=204)


class Closed(Open):
    permission_classes = [IsAuthenticated]


class SessionOnly(Closed):
    authentication_classes = [SessionAuthentication, TokenAuthentication]


class GroupSerializer(serializers.ModelSerializer):
    class Meta:
        model = Group
        fields = ["id", "name"]


class GroupQuery(PageQuery):
    search = serializers.CharField(max_length=20, default=None)


class Groups(StrictQuery, ListModelMixin, CreateModelMixin, GenericViewSet):
    query_serializers = {"list": GroupQuery}
    queryset = Group.objects.order_by("id")
    serializer_class = GroupSerializer
    permission_classes = [ModelPermissionsOrReadOnly]


class GuardedGroups(Groups):
    permission_classes = [ModelPermissions]


class RowSerializer(ModelSerializer):
    class Meta:
        model = Course
        fields = ["id", "title", "category", "updated_at"]


class RowViewSet(ModelViewSet):
    queryset = Course.objects.order_by("id")
    serializer_class = RowSerializer
    permission_classes = [ModelPermissionsOrReadOnly]


class CategoryRow(ModelSerializer):
    class Meta:
        model = Category
        fields = ["id", "name"]


class CategoryRowViewSet(ModelViewSet):
    queryset = Category.objects.order_by("id")
    serializer_class = CategoryRow
    permission_classes = [ModelPermissionsOrReadOnly]


class Row(serializers.Serializer):
    title = serializers.CharField(max_length=5)


class Rows(serializers.Serializer):
    rows = Row(many=True)

    def validate(self, attrs):
        raise serializers.ValidationError("The rows do not fit together.")


class Nested(Open):
    def post(self, request):
        Rows(data=request.data).is_valid(raise_exception=True)


def _sql(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _unreachable():
    elsewhere = connection.copy()
    elsewhere.settings_dict = {**elsewhere.settings_dict, "HOST": "127.0.0.1", "PORT": "1"}
    return elsewhere


def _twice():
    Group.objects.create(name="one")
    Group.objects.create(name="one")


def _fail(error):
    raise error


FAILURES = {
    "bug": lambda: {}["nothing"],
    "conflict": lambda: _fail(Conflict("It is full.")),
    "http404": lambda: _fail(Http404("No such course.")),
    "protected": lambda: _fail(ProtectedError("no", {Group(pk=1, name="a"), Group(pk=2, name="b")})),
    "unique": _twice,
    "check": lambda: _sql(
        "CREATE TEMP TABLE t (n int CONSTRAINT n_is_positive CHECK (n > 0)) ON COMMIT DROP;"
        "INSERT INTO t VALUES (0)"
    ),
    "range": lambda: _sql("SELECT 10000000000::int"),
    "deadlock": lambda: _sql("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40P01'; END $$"),
    "database-away": lambda: _unreachable().cursor(),
    "nul": lambda: Group.objects.filter(name="a\0b").exists(),
    "throttled": lambda: _fail(exceptions.Throttled(wait=2.1)),
}


class Failing(Open):
    def get(self, request, how):
        FAILURES[how]()


def plain_failing(request, how):
    messages.success(request, "It was saved.")
    FAILURES[how]()


def plain_page(request, status):
    return HttpResponse("<h1>A page</h1>", status=status)


router = SimpleRouter()
router.register("api/rows", RowViewSet, basename="row")
router.register("api/parents", CategoryRowViewSet, basename="parent")

urlpatterns = [
    *router.urls,
    path("api/many/", Many.as_view({"get": "show"})),
    path("api/strict/", Strict.as_view()),
    path("api/kinds/", Kinds.as_view()),
    path("api/bare/", Bare.as_view()),
    path("api/open/", Open.as_view()),
    path("api/closed/", Closed.as_view()),
    path("api/scoped/", Scoped.as_view()),
    path("api/session/", SessionOnly.as_view()),
    path("api/groups/", Groups.as_view({"get": "list", "post": "create"})),
    path("api/guarded/", GuardedGroups.as_view({"get": "list", "post": "create"})),
    path("api/nested/", Nested.as_view()),
    path("api/fail/<how>/", Failing.as_view()),
    path("api/plain/<how>/", plain_failing),
    path("api/page/<int:status>/", plain_page),
    path("page/<int:status>/", plain_page),
    path("page/<how>/", plain_failing),
    path("api/limited/", Limited.as_view({"get": "show"})),
    path("", include("config.urls")),  # the error pages link to the start page
]

pytestmark = pytest.mark.urls(__name__)
