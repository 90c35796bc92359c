"""An account that is closed, because its customer is being deleted."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0006_record_usage")]
    operations = [
        migrations.AddField(
            "account", "closed_at", models.DateTimeField(blank=True, null=True)
        ),
    ]
