"""Few events in one round trip: see billing/metering/few.py, which calls this function."""

from django.db import migrations

CREATE = """
CREATE FUNCTION billing_record_usage(
    lock_class int, locks int[], timelines json, events json, buckets json, counters json
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    base bigint;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(lock_class, number) FROM unnest(locks) AS number;
    -- Each statement from here on sees what was committed before the lock was given.
    IF EXISTS (
        SELECT FROM json_to_recordset(timelines) AS known(account_id uuid, version bigint)
        LEFT JOIN billing_usagetimeline t USING (account_id)
        WHERE coalesce(t.version, 0) <> known.version
    ) THEN
        RETURN false;
    END IF;
    base := nextval('billing_usage_block') * 10000;
    -- An id that is there already is an error: who asks "ON CONFLICT" looks each one up beforehand.
    INSERT INTO billing_usageevent (account_id, event_id, seq, meter_id, quantity, is_correction,
        occurred_at, recorded_at, resource_type, resource_id, user_id, cost_center_id, metadata)
    SELECT e.account_id, e.event_id, base + e.seq, e.meter_id, e.quantity, e.is_correction,
        e.occurred_at, e.recorded_at, e.resource_type, e.resource_id, e.user_id, e.cost_center_id,
        e.metadata
    FROM json_to_recordset(events) AS e(account_id uuid, event_id text, seq bigint, meter_id int,
        quantity numeric, is_correction bool, occurred_at timestamptz, recorded_at timestamptz,
        resource_type text, resource_id text, user_id text, cost_center_id uuid, metadata jsonb);
    INSERT INTO billing_usagebucket AS c (account_id, hour_at, meter_id, period_id, charge_id,
        resource_type, resource_id, cost_center_id, total, events, corrections, maximum, latest,
        latest_at, latest_seq)
    SELECT n.account_id, n.hour_at, n.meter_id, n.period_id, n.charge_id, n.resource_type,
        n.resource_id, n.cost_center_id, n.total, n.events, n.corrections, n.maximum, n.latest,
        n.latest_at, CASE WHEN n.latest_at IS NULL THEN 0 ELSE base + n.latest_seq END
    FROM json_to_recordset(buckets) AS n(account_id uuid, hour_at timestamptz, meter_id int,
        period_id uuid, charge_id uuid, resource_type text, resource_id text, cost_center_id uuid,
        total numeric, events bigint, corrections bigint, maximum numeric, latest numeric,
        latest_at timestamptz, latest_seq bigint)
    ON CONFLICT (account_id, hour_at, meter_id, period_id, charge_id, resource_type, resource_id,
        cost_center_id) DO UPDATE SET {add};
    INSERT INTO billing_usagecounter AS c (account_id, period_id, charge_id, total, events,
        corrections, maximum, latest, latest_at, latest_seq, distinct_values, version)
    SELECT n.account_id, n.period_id, n.charge_id, n.total, n.events, n.corrections, n.maximum,
        n.latest, n.latest_at, CASE WHEN n.latest_at IS NULL THEN 0 ELSE base + n.latest_seq END,
        0, 1
    FROM json_to_recordset(counters) AS n(account_id uuid, period_id uuid, charge_id uuid,
        total numeric, events bigint, corrections bigint, maximum numeric, latest numeric,
        latest_at timestamptz, latest_seq bigint)
    ON CONFLICT (period_id, charge_id) DO UPDATE SET {add}, version = c.version + 1;
    RETURN true;
END $$
"""
NEWER = (
    "(excluded.latest_at, excluded.latest_seq) > "
    "(coalesce(c.latest_at, '-infinity'), c.latest_seq) AND excluded.latest_at IS NOT NULL"
)
ADD = f"""
        total = c.total + excluded.total,
        events = c.events + excluded.events,
        corrections = c.corrections + excluded.corrections,
        maximum = greatest(c.maximum, excluded.maximum),
        latest = CASE WHEN {NEWER} THEN excluded.latest ELSE c.latest END,
        latest_at = greatest(c.latest_at, excluded.latest_at),
        latest_seq = CASE WHEN {NEWER} THEN excluded.latest_seq ELSE c.latest_seq END
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0004_storage")]
    operations = [
        migrations.RunSQL(CREATE.replace("{add}", ADD), "DROP FUNCTION billing_record_usage"),
    ]
