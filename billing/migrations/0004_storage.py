"""Room in the pages of rows that are updated all day, so that updates stay in their page (HOT)."""

from django.db import migrations

TABLES = ["usagebucket", "usagecounter", "usagebucketvalue", "usagecountervalue"]


class Migration(migrations.Migration):
    dependencies = [("billing", "0003_meters")]
    operations = [
        migrations.RunSQL(
            f"ALTER TABLE billing_{table} SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05)",
            f"ALTER TABLE billing_{table} RESET (fillfactor, autovacuum_vacuum_scale_factor)",
        )
        for table in TABLES
    ] + [
        migrations.RunSQL(
            "CREATE SEQUENCE billing_usage_block AS bigint",
            "DROP SEQUENCE billing_usage_block",
        )
    ]
