"""The credit ledger only grows, and what is left of a grant is the sum of its entries.

Whoever asks: the database refuses to change or delete an entry, and compares a grant with its entries
at the commit. Only what ran on a test clock can be deleted, with its clock.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION billing_on_test_clock(account uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM billing_account WHERE id = account AND test_clock_id IS NOT NULL)
$$;

CREATE FUNCTION billing_refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND billing_on_test_clock(OLD.account_id) THEN RETURN OLD; END IF;
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'billing_creditgrant'
        AND to_jsonb(NEW) - 'remaining_minor' = to_jsonb(OLD) - 'remaining_minor' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the credit ledger only grows: % can not change', OLD.id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'credit_ledger_only_grows';
END $$;

CREATE TRIGGER credit_entry_immutable BEFORE UPDATE OR DELETE ON billing_creditentry
    FOR EACH ROW EXECUTE FUNCTION billing_refuse_ledger_change();
CREATE TRIGGER credit_grant_immutable BEFORE UPDATE OR DELETE ON billing_creditgrant
    FOR EACH ROW EXECUTE FUNCTION billing_refuse_ledger_change();

CREATE FUNCTION billing_compare_grant() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    grant_of uuid := CASE WHEN TG_TABLE_NAME = 'billing_creditgrant'
        THEN (to_jsonb(NEW) ->> 'id')::uuid ELSE (to_jsonb(NEW) ->> 'grant_id')::uuid END;
    remaining bigint;
    entries numeric;
BEGIN
    SELECT remaining_minor INTO remaining FROM billing_creditgrant WHERE id = grant_of;
    IF NOT FOUND THEN RETURN NULL; END IF;
    SELECT coalesce(sum(amount_minor), 0) INTO entries
        FROM billing_creditentry WHERE grant_id = grant_of;
    IF entries <> remaining THEN
        RAISE EXCEPTION 'credit grant % has % left, its entries sum to %',
            grant_of, remaining, entries
            USING ERRCODE = 'check_violation', CONSTRAINT = 'credit_grant_is_its_entries';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER credit_grant_is_its_entries
    AFTER INSERT OR UPDATE ON billing_creditgrant DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION billing_compare_grant();
CREATE CONSTRAINT TRIGGER credit_entry_is_in_its_grant
    AFTER INSERT ON billing_creditentry DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION billing_compare_grant();
"""

BACKWARD = """
DROP TRIGGER credit_entry_is_in_its_grant ON billing_creditentry;
DROP TRIGGER credit_grant_is_its_entries ON billing_creditgrant;
DROP FUNCTION billing_compare_grant();
DROP TRIGGER credit_grant_immutable ON billing_creditgrant;
DROP TRIGGER credit_entry_immutable ON billing_creditentry;
DROP FUNCTION billing_refuse_ledger_change();
DROP FUNCTION billing_on_test_clock(uuid);
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0009_collection")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
