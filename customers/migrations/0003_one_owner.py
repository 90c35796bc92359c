"""A customer has an owner at every commit, until its deletion closes its account.

`customer_one_owner` holds that there is one at most; this holds that there is one at least. It is
looked at when a transaction commits, so that a transfer may pass through a state without one.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION customers_require_owner() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    customer uuid;
    touched uuid[];
BEGIN
    IF TG_TABLE_NAME = 'customers_customer' THEN
        touched := ARRAY[NEW.account_id];
    ELSIF TG_OP = 'INSERT' THEN
        touched := ARRAY[NEW.customer_id];
    ELSIF TG_OP = 'DELETE' THEN
        touched := ARRAY[OLD.customer_id];
    ELSE
        touched := ARRAY[OLD.customer_id, NEW.customer_id];
    END IF;
    FOREACH customer IN ARRAY touched LOOP
        IF EXISTS (SELECT FROM customers_customer c JOIN billing_account a ON a.id = c.account_id
                   WHERE c.account_id = customer AND a.closed_at IS NULL)
            AND NOT EXISTS (SELECT FROM customers_membership m
                            WHERE m.customer_id = customer AND m.role = 0) THEN
            RAISE EXCEPTION 'customer % has no owner', customer
                USING ERRCODE = 'check_violation', CONSTRAINT = 'customer_has_an_owner';
        END IF;
    END LOOP;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER customer_has_an_owner AFTER INSERT ON customers_customer
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION customers_require_owner();
CREATE CONSTRAINT TRIGGER customer_has_an_owner AFTER INSERT OR UPDATE OR DELETE
    ON customers_membership
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION customers_require_owner();
"""

BACKWARD = """
DROP TRIGGER customer_has_an_owner ON customers_membership;
DROP TRIGGER customer_has_an_owner ON customers_customer;
DROP FUNCTION customers_require_owner();
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0002_sagas"), ("billing", "0007_closed_accounts")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
