"""E-mails that are still to be sent become outgoing messages of messaging.

That of a certificate without a file is recorded when its file is made.
"""

from django.db import migrations

MOVE = """
INSERT INTO messaging_outgoingmessage (user_id, kind, payload, dedupe_key, mail_only)
SELECT user_id, 'courses.enrolled', jsonb_build_object('enrollment', id), 'courses.enrolled:' || id, true
FROM courses_enrollment WHERE notified_at IS NULL ORDER BY id
ON CONFLICT (dedupe_key) DO NOTHING;

INSERT INTO messaging_outgoingmessage (user_id, kind, payload, dedupe_key, mail_only)
SELECT user_id, 'courses.certificate', jsonb_build_object('certificate', certificate.id),
    'courses.certificate:' || certificate.id, true
FROM courses_certificate AS certificate
JOIN courses_enrollment ON courses_enrollment.id = certificate.enrollment_id
WHERE certificate.notified_at IS NULL AND file <> '' ORDER BY certificate.id
ON CONFLICT (dedupe_key) DO NOTHING;
"""

MOVE_BACK = """
UPDATE courses_enrollment SET notified_at = now() WHERE NOT EXISTS (
    SELECT FROM messaging_outgoingmessage
    WHERE dedupe_key = 'courses.enrolled:' || courses_enrollment.id AND state = 'pending'
);

UPDATE courses_certificate SET notified_at = now() WHERE file <> '' AND NOT EXISTS (
    SELECT FROM messaging_outgoingmessage
    WHERE dedupe_key = 'courses.certificate:' || courses_certificate.id AND state = 'pending'
);

DELETE FROM messaging_outgoingmessage WHERE kind LIKE 'courses.%' AND state = 'pending';
"""


class Migration(migrations.Migration):
    dependencies = [
        ("courses", "0003_certificate_names"),
        ("messaging", "0002_verified_email_outgoing_message"),
    ]

    operations = [
        migrations.RunSQL(MOVE, MOVE_BACK),
        migrations.RemoveIndex("certificate", "certificate_mail_due"),
        migrations.RemoveIndex("enrollment", "enrollment_mail_due"),
        migrations.RemoveField("certificate", "notified_at"),
        migrations.RemoveField("enrollment", "notified_at"),
    ]
