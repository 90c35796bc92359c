"""What was paid and credited is the sum of its rows, which never change.

An invoice's `amount_paid_minor`, `credited_minor` and `credited_due_minor` are compared with payments
and credit notes at the commit; no more can be credited of a line than it holds. Only what ran on a
test clock can be deleted, with its clock. The dunning schedule begins with the usual steps.
"""

from django.db import migrations

FORWARD = """
CREATE OR REPLACE FUNCTION invoicing_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    afterwards CONSTANT text[] := ARRAY[
        'status', 'amount_paid_minor', 'credited_minor', 'credited_due_minor', 'paid_at',
        'voided_at', 'void_reason', 'stripe_invoice_id'];
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

CREATE FUNCTION invoicing_refuse_record_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND invoicing_on_test_clock(OLD.account_id) THEN RETURN OLD; END IF;
    RAISE EXCEPTION '% % can not change', TG_TABLE_NAME, OLD.id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'record_is_immutable';
END $$;

CREATE TRIGGER payment_immutable BEFORE UPDATE OR DELETE ON invoicing_payment
    FOR EACH ROW EXECUTE FUNCTION invoicing_refuse_record_change();
CREATE TRIGGER credit_note_immutable BEFORE UPDATE OR DELETE ON invoicing_creditnote
    FOR EACH ROW EXECUTE FUNCTION invoicing_refuse_record_change();
CREATE TRIGGER credit_note_line_immutable BEFORE UPDATE OR DELETE ON invoicing_creditnoteline
    FOR EACH ROW EXECUTE FUNCTION invoicing_refuse_record_change();

CREATE FUNCTION invoicing_compare_sums() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    invoice uuid := CASE WHEN TG_TABLE_NAME = 'invoicing_invoice'
        THEN (to_jsonb(NEW) ->> 'id')::uuid ELSE (to_jsonb(NEW) ->> 'invoice_id')::uuid END;
    held record;
    sums record;
BEGIN
    SELECT amount_paid_minor AS paid, credited_minor AS credited, credited_due_minor AS credited_due
        INTO held FROM invoicing_invoice WHERE id = invoice;
    IF NOT FOUND THEN RETURN NULL; END IF;
    SELECT (SELECT coalesce(sum(amount_minor), 0) FROM invoicing_payment WHERE invoice_id = invoice)
            AS paid,
        coalesce(sum(total_minor), 0) AS credited,
        coalesce(sum(due_reduced_minor), 0) AS credited_due
        INTO sums FROM invoicing_creditnote WHERE invoice_id = invoice;
    IF (held.paid, held.credited, held.credited_due)
        IS DISTINCT FROM (sums.paid, sums.credited, sums.credited_due) THEN
        RAISE EXCEPTION 'invoice % holds %, its payments and credit notes are %',
            invoice, held, sums
            USING ERRCODE = 'check_violation', CONSTRAINT = 'invoice_holds_its_payments_and_notes';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER payment_is_in_its_invoice
    AFTER INSERT ON invoicing_payment DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION invoicing_compare_sums();
CREATE CONSTRAINT TRIGGER credit_note_is_in_its_invoice
    AFTER INSERT ON invoicing_creditnote DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION invoicing_compare_sums();
CREATE CONSTRAINT TRIGGER invoice_holds_its_payments_and_notes
    AFTER UPDATE OF amount_paid_minor, credited_minor, credited_due_minor ON invoicing_invoice
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN ((NEW.amount_paid_minor, NEW.credited_minor, NEW.credited_due_minor)
        IS DISTINCT FROM (OLD.amount_paid_minor, OLD.credited_minor, OLD.credited_due_minor))
    EXECUTE FUNCTION invoicing_compare_sums();

CREATE FUNCTION invoicing_cap_credited_line() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    line record;
    credited record;
    note_invoice uuid;
BEGIN
    SELECT invoice_id, amount_minor, discount_minor INTO line
        FROM invoicing_invoiceline WHERE id = NEW.invoice_line_id;
    SELECT invoice_id INTO note_invoice FROM invoicing_creditnote WHERE id = NEW.credit_note_id;
    SELECT coalesce(sum(amount_minor), 0) + NEW.amount_minor AS amount,
        coalesce(sum(discount_minor), 0) + NEW.discount_minor AS discount
        INTO credited FROM invoicing_creditnoteline WHERE invoice_line_id = NEW.invoice_line_id;
    IF line.invoice_id IS DISTINCT FROM note_invoice
        OR credited.amount NOT BETWEEN least(line.amount_minor, 0) AND greatest(line.amount_minor, 0)
        OR credited.discount
            NOT BETWEEN least(line.discount_minor, 0) AND greatest(line.discount_minor, 0) THEN
        RAISE EXCEPTION 'more would be credited of line % than it holds', NEW.invoice_line_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'credited_within_its_line';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER credited_within_its_line BEFORE INSERT ON invoicing_creditnoteline
    FOR EACH ROW EXECUTE FUNCTION invoicing_cap_credited_line();

CREATE FUNCTION invoicing_compare_credit_note() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    note uuid := CASE WHEN TG_TABLE_NAME = 'invoicing_creditnote'
        THEN (to_jsonb(NEW) ->> 'id')::uuid ELSE (to_jsonb(NEW) ->> 'credit_note_id')::uuid END;
    held record;
    sums record;
BEGIN
    SELECT subtotal_minor AS subtotal, discount_total_minor AS discount, tax_total_minor AS tax
        INTO held FROM invoicing_creditnote WHERE id = note;
    IF NOT FOUND THEN RETURN NULL; END IF;
    SELECT coalesce(sum(c.amount_minor) FILTER (WHERE l.type <> 'TAX'), 0) AS subtotal,
        coalesce(sum(c.discount_minor), 0) AS discount,
        coalesce(sum(c.amount_minor) FILTER (WHERE l.type = 'TAX'), 0) AS tax
        INTO sums FROM invoicing_creditnoteline c
        JOIN invoicing_invoiceline l ON l.id = c.invoice_line_id WHERE c.credit_note_id = note;
    IF (held.subtotal, held.discount, held.tax)
        IS DISTINCT FROM (sums.subtotal, sums.discount, sums.tax) THEN
        RAISE EXCEPTION 'credit note % holds %, its lines are %', note, held, sums
            USING ERRCODE = 'check_violation', CONSTRAINT = 'credit_note_is_its_lines';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER credit_note_is_its_lines
    AFTER INSERT ON invoicing_creditnote DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION invoicing_compare_credit_note();
CREATE CONSTRAINT TRIGGER credit_note_line_is_in_its_note
    AFTER INSERT ON invoicing_creditnoteline DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION invoicing_compare_credit_note();
"""

BACKWARD = """
DROP TRIGGER credit_note_line_is_in_its_note ON invoicing_creditnoteline;
DROP TRIGGER credit_note_is_its_lines ON invoicing_creditnote;
DROP FUNCTION invoicing_compare_credit_note();
DROP TRIGGER credited_within_its_line ON invoicing_creditnoteline;
DROP FUNCTION invoicing_cap_credited_line();
DROP TRIGGER invoice_holds_its_payments_and_notes ON invoicing_invoice;
DROP TRIGGER credit_note_is_in_its_invoice ON invoicing_creditnote;
DROP TRIGGER payment_is_in_its_invoice ON invoicing_payment;
DROP FUNCTION invoicing_compare_sums();
DROP TRIGGER credit_note_line_immutable ON invoicing_creditnoteline;
DROP TRIGGER credit_note_immutable ON invoicing_creditnote;
DROP TRIGGER payment_immutable ON invoicing_payment;
DROP FUNCTION invoicing_refuse_record_change();
"""

SCHEDULE = [
    {"days": -3, "action": "REMIND", "template": "due_soon"},
    {"days": 0, "action": "OVERDUE", "template": "overdue"},
    {"days": 7, "action": "REMIND", "template": "overdue"},
    {"days": 14, "action": "UNPAID", "template": "unpaid"},
]


def seed(apps, _editor):
    Step = apps.get_model("invoicing", "DunningStep")
    Step.objects.bulk_create([Step(**step) for step in SCHEDULE])


class Migration(migrations.Migration):
    dependencies = [("invoicing", "0004_collection")]
    operations = [
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.RunPython(seed, migrations.RunPython.noop),
    ]
