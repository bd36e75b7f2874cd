"""The start page."""

import re

import pytest
from django.urls import Resolver404, resolve


def test_every_link_of_the_start_page_leads_somewhere(client):
    page = client.get("/").content.decode()
    links = re.findall(r'href="([^"]+)"', page)
    assert len(links) >= 7
    for link in links:
        try:
            resolve(link.partition("?")[0])
        except Resolver404:
            pytest.fail(f"{link} leads nowhere")


def test_the_start_page_asks_no_other_host(client):
    assert "://" not in client.get("/").content.decode()
