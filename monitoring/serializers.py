"""What the inspection of the cache answers."""

from rest_framework import serializers


class KeySerializer(serializers.Serializer[object]):
    key = serializers.CharField(help_text="the full name in Redis")
    type = serializers.CharField(help_text="string, hash, list, set, zset")
    ttl = serializers.IntegerField(allow_null=True, help_text="seconds; null: does not expire")
    size = serializers.IntegerField(help_text="bytes of Redis' memory")


class KeyPageSerializer(serializers.Serializer[object]):
    cursor = serializers.IntegerField(allow_null=True, help_text="for the next page; null: the end")
    results = KeySerializer(many=True)


class KeyDetailSerializer(KeySerializer):
    value = serializers.JSONField(allow_null=True, help_text="decoded JSON, or text")
