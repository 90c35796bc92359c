"""Few events in one round trip, their locks given back before the flush: see docs/adr/0025."""

from django.db import migrations

CREATE = """
CREATE PROCEDURE billing_record_usage_durably(
    lock_class int, locks int[], timelines json, events json, buckets json, counters json,
    INOUT done text
) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    done := billing_record_usage(lock_class, locks, timelines, events, buckets, counters);
    COMMIT;  -- Nobody waits for our rows any more; that they are on disk the next commit sees to.
    IF done = 'true' THEN
        PERFORM pg_logical_emit_message(true, 'billing_usage', '');
    END IF;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0040_outbox")]
    operations = [
        migrations.RunSQL(CREATE, "DROP PROCEDURE billing_record_usage_durably"),
    ]
