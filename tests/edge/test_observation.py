"""What the edge answers is in the access log, the metrics and the audit log, as what Django answers."""

from __future__ import annotations

import logging

import pytest

from edge.wsgi import wrap
from monitoring.middleware import observe_edge
from tests.courses.factories import CourseFactory


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_answer_is_logged_as_django_logs_it(site, method, caplog, settings):
    rates = dict.fromkeys(settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"], "3/min")
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}
    path = f"/api/v1/courses/{CourseFactory().pk}/"
    seen = []

    def observe(*given):
        seen.append(given[2].status)
        observe_edge(*given)

    site.edge = wrap(site.django, observe)
    site.warm(path, method=method)
    for client in ("198.51.100.3", "198.51.100.4"):  # two refusals to learn from
        for _ in range(4):
            site.get(path, client=client, method=method)
    seen.clear()
    caplog.clear()
    with caplog.at_level(logging.INFO):
        for without in (False, True):
            for _ in range(4):
                site.get(path, client=f"198.51.100.{5 + without}", method=method, without=without)
    assert seen == [200] * 3 + [429]
    lines = [(r.name, r.method, r.route, r.status, r.x_cache) for r in caplog.records if r.name == "access"]
    assert lines[:4] == lines[4:]
    assert [line[3] for line in lines[:4]] == [200] * 3 + [429]
    audited = [(r.event, r.status, r.route) for r in caplog.records if r.name == "audit"]
    assert audited[0] == audited[1]
    assert len(audited) == 2
    refused = [r.getMessage() for r in caplog.records if r.name == "django.request"]
    assert refused == [f"Too Many Requests: {path}"] * 2
