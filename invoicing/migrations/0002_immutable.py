"""Finalized invoices can't change: the database refuses it, whoever asks.

What may still happen to one is what happens afterwards: payments, the states that follow, voiding.
Only what ran on a test clock can be deleted, with its clock.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION invoicing_on_test_clock(account uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM billing_account WHERE id = account AND test_clock_id IS NOT NULL)
$$;

CREATE FUNCTION invoicing_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    afterwards CONSTANT text[] := ARRAY[
        'status', 'amount_paid_minor', 'paid_at', 'voided_at', 'void_reason', 'stripe_invoice_id'];
BEGIN
    IF OLD.status = 'DRAFT' THEN
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' THEN
        IF invoicing_on_test_clock(OLD.account_id) THEN RETURN OLD; END IF;
        RAISE EXCEPTION 'invoice % is finalized and can not be deleted', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'invoice_finalized_is_immutable';
    END IF;
    IF NEW.status = 'DRAFT' OR OLD.status = 'VOID'
        OR (to_jsonb(NEW) - afterwards) IS DISTINCT FROM (to_jsonb(OLD) - afterwards) THEN
        RAISE EXCEPTION 'invoice % is finalized and can not change', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'invoice_finalized_is_immutable';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER invoice_immutable BEFORE UPDATE OR DELETE ON invoicing_invoice
    FOR EACH ROW EXECUTE FUNCTION invoicing_refuse_change();

CREATE FUNCTION invoicing_refuse_line_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    parent uuid := CASE WHEN TG_OP = 'INSERT' THEN NEW.invoice_id ELSE OLD.invoice_id END;
    state text;
BEGIN
    SELECT status INTO state FROM invoicing_invoice WHERE id = parent;
    IF TG_OP = 'DELETE' AND invoicing_on_test_clock(OLD.account_id) THEN RETURN OLD; END IF;
    IF state IS NOT NULL AND state <> 'DRAFT' THEN
        RAISE EXCEPTION 'invoice % is finalized and its lines can not change', parent
            USING ERRCODE = 'check_violation', CONSTRAINT = 'invoice_finalized_is_immutable';
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.invoice_id <> OLD.invoice_id THEN
        RAISE EXCEPTION 'a line stays on its invoice'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'invoice_finalized_is_immutable';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER invoice_line_immutable BEFORE INSERT OR UPDATE OR DELETE ON invoicing_invoiceline
    FOR EACH ROW EXECUTE FUNCTION invoicing_refuse_line_change();
"""

BACKWARD = """
DROP TRIGGER invoice_line_immutable ON invoicing_invoiceline;
DROP FUNCTION invoicing_refuse_line_change();
DROP TRIGGER invoice_immutable ON invoicing_invoice;
DROP FUNCTION invoicing_refuse_change();
DROP FUNCTION invoicing_on_test_clock(uuid);
"""


class Migration(migrations.Migration):
    dependencies = [("invoicing", "0001_tables")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
