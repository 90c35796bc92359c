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
    IF outcome <> 'rate' AND NOT dry THEN
        PERFORM pg_logical_emit_message(true, 'quotas', '');
    END IF;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("quotas", "0002_functions")]
    operations = [migrations.RunSQL(CREATE, "DROP PROCEDURE quotas_take_durably")]
