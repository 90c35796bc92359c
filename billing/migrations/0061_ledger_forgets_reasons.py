"""Of a closed account the ledger forgets why credit was granted: the words may name a person."""

from django.db import migrations

CHANGE = """
CREATE OR REPLACE FUNCTION billing_refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    may_change text[] := ARRAY['remaining_minor'];
BEGIN
    IF TG_OP = 'DELETE' AND billing_on_test_clock(OLD.account_id) THEN RETURN OLD; END IF;
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'billing_creditgrant' THEN
        {forgetting}
        IF to_jsonb(NEW) - may_change = to_jsonb(OLD) - may_change THEN RETURN NEW; END IF;
    END IF;
    RAISE EXCEPTION 'the credit ledger only grows: % can not change', OLD.id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'credit_ledger_only_grows';
END $$;
"""
FORGETTING = """
        IF to_jsonb(NEW) ->> 'reason' = '' AND EXISTS (
            SELECT FROM billing_account WHERE id = OLD.account_id AND closed_at IS NOT NULL)
        THEN
            may_change := may_change || 'reason'::text;
        END IF;
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0060_stripe_customer")]
    operations = [
        migrations.RunSQL(
            CHANGE.replace("{forgetting}", FORGETTING), CHANGE.replace("{forgetting}", "")
        )
    ]
