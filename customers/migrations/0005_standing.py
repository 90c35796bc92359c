"""A customer's tier and status follow its default account's subscription, held by triggers.

The list of customers is filtered and counted by the two. Whoever writes a subscription, they are
right with its commit; whoever writes a customer can't make them wrong. (A customer is made in the
transaction that makes its account, or under the account's lock, as every subscription is.)
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION customers_take_standing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT version.plan_id, subscription.status
        INTO NEW.tier_id, NEW.subscription_status
        FROM billing_subscription subscription
        JOIN billing_planversion version ON version.id = subscription.plan_version_id
        WHERE subscription.account_id = NEW.account_id
        ORDER BY subscription.status = 'CANCELLED', subscription.created_at DESC,
            subscription.id DESC
        LIMIT 1;
    NEW.subscription_status := COALESCE(NEW.subscription_status, '');
    RETURN NEW;
END $$;

CREATE TRIGGER customer_takes_standing BEFORE INSERT OR UPDATE ON customers_customer
    FOR EACH ROW EXECUTE FUNCTION customers_take_standing();

CREATE FUNCTION customers_tell_standing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The customer's own trigger looks; it only has to be woken.
    UPDATE customers_customer SET subscription_status = ''
        WHERE account_id = CASE TG_OP WHEN 'DELETE' THEN OLD.account_id ELSE NEW.account_id END;
    RETURN NULL;
END $$;

CREATE TRIGGER subscription_tells_standing AFTER INSERT OR DELETE ON billing_subscription
    FOR EACH ROW EXECUTE FUNCTION customers_tell_standing();

-- A period's end changes neither, so it writes no customer.
CREATE TRIGGER subscription_tells_change AFTER UPDATE ON billing_subscription
    FOR EACH ROW
    WHEN ((OLD.status, OLD.plan_version_id) IS DISTINCT FROM (NEW.status, NEW.plan_version_id))
    EXECUTE FUNCTION customers_tell_standing();

UPDATE customers_customer SET subscription_status = '';
"""

BACKWARD = """
DROP TRIGGER subscription_tells_change ON billing_subscription;
DROP TRIGGER subscription_tells_standing ON billing_subscription;
DROP FUNCTION customers_tell_standing();
DROP TRIGGER customer_takes_standing ON customers_customer;
DROP FUNCTION customers_take_standing();
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0004_customer_standing")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
