"""The ten meters that exist from the start."""

from django.db import migrations
from django.db.models.functions import Now

METERS = [
    ("API_CALLS", "API calls", "count", "SUM", ""),
    ("QUERY_EXECUTIONS", "Query executions", "count", "SUM", ""),
    ("ML_INFERENCE_REQUESTS", "ML inference requests", "count", "SUM", ""),
    ("DASHBOARD_VIEWS", "Dashboard views", "count", "SUM", ""),
    ("PIPELINE_RUNS", "Pipeline runs", "count", "SUM", ""),
    ("CONNECTOR_SYNCS", "Connector syncs", "count", "SUM", ""),
    ("COMPUTE_SECONDS", "Compute seconds", "seconds", "SUM", ""),
    ("DATA_TRANSFER_BYTES", "Data transfer", "bytes", "SUM", ""),
    ("STORAGE_BYTES", "Storage", "bytes", "MAX", ""),
    ("ACTIVE_USERS", "Active users", "count", "UNIQUE", "userId"),
]


def add_meters(apps, schema_editor):
    meter = apps.get_model("billing", "Meter")
    for metric_type, name, unit, aggregation, unique_field in METERS:
        meter.objects.get_or_create(
            metric_type=metric_type,
            defaults={
                "name": name,
                "unit": unit,
                "aggregation": aggregation,
                "unique_field": unique_field,
                "created_at": Now(),
            },
        )


class Migration(migrations.Migration):
    dependencies = [("billing", "0002_tables")]
    operations = [migrations.RunPython(add_meters, migrations.RunPython.noop)]
