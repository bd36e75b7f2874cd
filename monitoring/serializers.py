"""What the inspection of the cache answers."""

from rest_framework import serializers


class KeySerializer(serializers.Serializer[object]):
    key = serializers.CharField(help_text="The full name in Redis.")
    type = serializers.CharField(help_text="string, hash, list, set or zset.")
    ttl = serializers.IntegerField(allow_null=True, help_text="In how many seconds it expires; null: never.")
    size = serializers.IntegerField(help_text="How many bytes of Redis' memory it takes.")


class KeyPageSerializer(serializers.Serializer[object]):
    cursor = serializers.IntegerField(allow_null=True, help_text="For the next page; null: the end.")
    results = KeySerializer(many=True, help_text="The keys of this page.")


class KeyDetailSerializer(KeySerializer):
    value = serializers.JSONField(allow_null=True, help_text="Decoded JSON, or text.")
