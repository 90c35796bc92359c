"""Whoever changes what Stripe knows of a tenant, it becomes due to be told."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION paying_note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.name, NEW.billing_email, NEW.address)
        IS DISTINCT FROM (OLD.name, OLD.billing_email, OLD.address) THEN
        INSERT INTO paying_profile
            (account_id, mode, way, chosen, asked, payment_method, tell_at)
        SELECT a.id, 'COLLECT', 'INTENT', false, '{}', '', statement_timestamp()
        FROM billing_account a
        WHERE a.id = NEW.account_id AND a.stripe_customer_id <> '' AND a.closed_at IS NULL
        ON CONFLICT (account_id) DO UPDATE SET tell_at = excluded.tell_at;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER paying_tell_stripe AFTER UPDATE ON tenants_tenant
    FOR EACH ROW EXECUTE FUNCTION paying_note_change();
"""

BACKWARD = """
DROP TRIGGER paying_tell_stripe ON tenants_tenant;
DROP FUNCTION paying_note_change();
"""


class Migration(migrations.Migration):
    dependencies = [("paying", "0002_telling"), ("tenants", "0001_tables")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
