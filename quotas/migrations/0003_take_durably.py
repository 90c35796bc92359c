"""A standing quota's row is given back before the flush, which is waited for all the same."""

from django.db import migrations

# As billing_record_usage_durably does: callers of one row do not queue behind each other's flushes.
CREATE = """
CREATE PROCEDURE quotas_take_durably(owner uuid, service text, feature text, many bigint,
    dry boolean, person uuid, moment timestamptz,
    INOUT outcome text, INOUT cap text, INOUT held text, INOUT span text
) LANGUAGE plpgsql AS $$
DECLARE
    taken record;
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    SELECT * INTO taken FROM quotas_take(owner, service, feature, many, dry, person, moment);
    outcome := taken.outcome;
    cap := taken.cap;
    held := taken.held;
    span := taken.span;
    COMMIT;
    IF outcome = 'taken' AND NOT dry THEN
        PERFORM pg_logical_emit_message(true, 'quotas', '');
    END IF;
END $$
"""

# Many callers' at once, in one transaction: in one order, so that two groups do not meet head-on.
CREATE_MANY = """
CREATE PROCEDURE quotas_take_many_durably(wanted json, INOUT outcomes text) LANGUAGE plpgsql AS $$
DECLARE
    one record;
    taken record;
    found json[] := '{}';
    has_written boolean := false;
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    FOR one IN
        SELECT * FROM json_to_recordset(wanted) AS w(place int, owner uuid, service text,
            feature text, many bigint, dry boolean, person uuid, moment timestamptz)
        ORDER BY owner, service, feature, place
    LOOP
        SELECT * INTO taken FROM quotas_take(one.owner, one.service, one.feature, one.many, one.dry,
            one.person, one.moment);
        has_written := has_written OR (taken.outcome = 'taken' AND NOT one.dry);
        found := found || json_build_array(one.place, taken.outcome, taken.cap, taken.held,
            taken.span);
    END LOOP;
    outcomes := array_to_json(found)::text;
    COMMIT;
    IF has_written THEN
        PERFORM pg_logical_emit_message(true, 'quotas', '');
    END IF;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("quotas", "0002_functions")]
    operations = [
        migrations.RunSQL(CREATE, "DROP PROCEDURE quotas_take_durably"),
        migrations.RunSQL(CREATE_MANY, "DROP PROCEDURE quotas_take_many_durably"),
    ]
