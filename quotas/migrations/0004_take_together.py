"""Plain takings of standing quotas, of many callers in one transaction, by one statement."""

from django.db import migrations

# Each element is what is taken of one row in all, in the order of the rows' keys: so that two
# groups do not meet head-on, the elements drive, which is what the settings are for. A row that is
# not there yet, or holds less, is left out: whoever asked for it is answered alone.
# What comes back is, for each row that was written, its place, its cap and what it held before.
# Whose takings those were is noted after all rows, in one order too.
CREATE_PLAIN = """
CREATE FUNCTION quotas_take_plain(owners uuid[], services text[], features text[], sums bigint[],
    moments timestamptz[], OUT outcomes text, OUT places bigint[]) LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
    WITH capped AS MATERIALIZED (
        SELECT w.*, granted.value
        FROM unnest(owners, services, features, sums, moments) WITH ORDINALITY
            AS w(owner, service, feature, many, moment, place)
        CROSS JOIN LATERAL (
            SELECT l.value
            FROM billing_subscription s
            JOIN billing_planversion v ON v.id = s.plan_version_id
            JOIN billing_planlimit l ON l.plan_id = v.plan_id
            WHERE s.account_id = w.owner AND s.status <> 'CANCELLED'
                AND l.service_name = w.service AND l.feature_key = w.feature AND l."window" = ''
            LIMIT 1
        ) AS granted
    ), written AS (
        UPDATE quotas_quotause u SET used = u.used + c.many, updated_at = c.moment
        FROM capped c
        WHERE u.account_id = c.owner AND u.service_name = c.service AND u.feature_key = c.feature
            AND u.used + c.many <= CASE c.value WHEN -1 THEN 9000000000000000 ELSE c.value END
        RETURNING c.place, c.value, u.used - c.many AS held
    )
    SELECT string_agg(place || ' ' || value || ' ' || held, ','), array_agg(place)
    INTO outcomes, places
    FROM written;
END $$
"""
CREATE_DURABLY = """
CREATE PROCEDURE quotas_take_plain_durably(owners uuid[], services text[], features text[],
    sums bigint[], moments timestamptz[], notes json, INOUT outcomes text
) LANGUAGE plpgsql AS $$
DECLARE
    places bigint[];
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    SELECT p.outcomes, p.places INTO outcomes, places
    FROM quotas_take_plain(owners, services, features, sums, moments) AS p;
    IF notes IS NOT NULL THEN
        PERFORM quotas_remember(n.owner, n.person, 'quota', n.service, n.feature, n.many, '',
            n.moment)
        FROM (
            SELECT * FROM json_to_recordset(notes) AS r(place int, owner uuid, service text,
                feature text, many bigint, person uuid, moment timestamptz)
            WHERE place = ANY (places)
            ORDER BY person, owner
        ) AS n;
    END IF;
    COMMIT;
    IF outcomes IS NOT NULL THEN
        PERFORM pg_logical_emit_message(true, 'quotas', '');
    END IF;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("quotas", "0003_take_durably")]
    operations = [
        migrations.RunSQL(CREATE_PLAIN, "DROP FUNCTION quotas_take_plain"),
        migrations.RunSQL(CREATE_DURABLY, "DROP PROCEDURE quotas_take_plain_durably"),
    ]
