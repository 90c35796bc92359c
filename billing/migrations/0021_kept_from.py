"""From where on an account's events are kept: older ones are deleted after the retention."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0020_record_durably")]
    operations = [
        migrations.AddField("usagetimeline", "kept_from", models.DateTimeField(null=True)),
    ]
