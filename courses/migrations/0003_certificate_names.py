"""A certificate states the name and the title that were right when it was issued.

For certificates that exist already the present ones are the best that is known.
"""

from django.db import migrations, models

FILL = """
UPDATE courses_certificate
SET learner_name = COALESCE(NULLIF(BTRIM(auth_user.first_name || ' ' || auth_user.last_name), ''), auth_user.username),
    course_title = courses_course.title
FROM courses_enrollment
JOIN auth_user ON auth_user.id = courses_enrollment.user_id
JOIN courses_course ON courses_course.id = courses_enrollment.course_id
WHERE courses_enrollment.id = courses_certificate.enrollment_id
"""


class Migration(migrations.Migration):
    dependencies = [("auth", "0012_alter_user_first_name_max_length"), ("courses", "0002_course_stats")]

    operations = [
        migrations.AddField(
            "certificate",
            "learner_name",
            models.CharField(default="", editable=False, max_length=301, verbose_name="learner"),
            preserve_default=False,
        ),
        migrations.AddField(
            "certificate",
            "course_title",
            models.CharField(default="", editable=False, max_length=255, verbose_name="course"),
            preserve_default=False,
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddConstraint(
            "certificate",
            models.CheckConstraint(
                condition=models.Q(("learner_name", ""), _negated=True)
                & models.Q(("course_title", ""), _negated=True),
                name="certificate_states_who_and_what",
            ),
        ),
    ]
