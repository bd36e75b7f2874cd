"""Shapes of the cache inspection, for the OpenAPI schema."""

from rest_framework import serializers


class KeySerializer(serializers.Serializer[object]):
    key = serializers.CharField()
    type = serializers.CharField(help_text="string, hash, list, set, zset")
    ttl = serializers.IntegerField(allow_null=True, help_text="seconds; null: does not expire")
    size = serializers.IntegerField(help_text="bytes of Redis' memory")


class KeyPageSerializer(serializers.Serializer[object]):
    cursor = serializers.IntegerField(allow_null=True, help_text="for the next page; null: the end")
    results = KeySerializer(many=True)


class KeyDetailSerializer(KeySerializer):
    value = serializers.JSONField(allow_null=True)
