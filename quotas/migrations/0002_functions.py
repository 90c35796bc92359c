"""Standing quotas in one statement each, and the number by which processes see changed limits."""

from django.db import migrations

# Who deletes a plan deletes its limits by cascade: a row for it may stay behind, and says nothing.
REVISIONS = """
CREATE SEQUENCE quotas_revision AS bigint;

CREATE FUNCTION quotas_limits_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO quotas_tierrevision AS t (plan_id, revision)
    SELECT plan_id, nextval('quotas_revision')
    FROM (SELECT DISTINCT plan_id FROM changed ORDER BY plan_id) AS plans
    ON CONFLICT (plan_id) DO UPDATE SET revision = excluded.revision;
    RETURN NULL;
END $$;

CREATE TRIGGER quotas_limits_inserted AFTER INSERT ON billing_planlimit
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION quotas_limits_changed();
CREATE TRIGGER quotas_limits_updated AFTER UPDATE ON billing_planlimit
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION quotas_limits_changed();
CREATE TRIGGER quotas_limits_deleted AFTER DELETE ON billing_planlimit
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION quotas_limits_changed();
"""
DROP_REVISIONS = """
DROP TRIGGER quotas_limits_inserted ON billing_planlimit;
DROP TRIGGER quotas_limits_updated ON billing_planlimit;
DROP TRIGGER quotas_limits_deleted ON billing_planlimit;
DROP FUNCTION quotas_limits_changed;
DROP SEQUENCE quotas_revision;
"""

REMEMBER = """
CREATE FUNCTION quotas_remember(owner uuid, person uuid, what text, service text, feature text,
    many bigint, span text, moment timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    counted bigint;
BEGIN
    INSERT INTO quotas_usertally AS t (id, account_id, user_id, kind, total)
    VALUES (gen_random_uuid(), owner, person, what, 1)
    ON CONFLICT (user_id, kind, account_id) DO UPDATE SET total = t.total + 1
    RETURNING t.total INTO counted;
    INSERT INTO quotas_userevent AS e (id, account_id, user_id, kind, slot, number, service_name,
        feature_key, amount, "window", used_at)
    VALUES (gen_random_uuid(), owner, person, what, counted % 100, counted, service, feature, many,
        span, moment)
    ON CONFLICT (user_id, kind, account_id, slot) DO UPDATE SET number = excluded.number,
        service_name = excluded.service_name, feature_key = excluded.feature_key,
        amount = excluded.amount, "window" = excluded."window", used_at = excluded.used_at;
END $$
"""
# A rate's count is lost with Valkey, so its event need not wait for a flush either.
REMEMBER_RATE = """
CREATE FUNCTION quotas_remember_rate(owner uuid, person uuid, service text, feature text,
    many bigint, span text, moment timestamptz) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    SET LOCAL synchronous_commit = off;
    PERFORM quotas_remember(owner, person, 'rate_limit', service, feature, many, span, moment);
END $$
"""
# `outcome` says what became of it: taken; spent, disabled, unknown, unsubscribed; rate (Valkey
# counts those: nothing was done here). `cap` is the limit, `held` what is used afterwards.
# Unlimited use stops counting at 9·10^15, which no double of anyone's JSON rounds.
TAKE = """
CREATE FUNCTION quotas_take(owner uuid, service text, feature text, many bigint, dry boolean,
    person uuid, moment timestamptz,
    OUT outcome text, OUT cap bigint, OUT held bigint, OUT span text
) LANGUAGE plpgsql AS $$
DECLARE
    tier uuid;
BEGIN
    SELECT v.plan_id, l.value, l."window" INTO tier, cap, span
    FROM billing_subscription s
    JOIN billing_planversion v ON v.id = s.plan_version_id
    LEFT JOIN billing_planlimit l
        ON l.plan_id = v.plan_id AND l.service_name = service AND l.feature_key = feature
    WHERE s.account_id = owner AND s.status <> 'CANCELLED';
    outcome := CASE WHEN tier IS NULL THEN 'unsubscribed' WHEN cap IS NULL THEN 'unknown'
        WHEN span <> '' THEN 'rate' WHEN many > 0 AND cap = 0 THEN 'disabled' ELSE 'taken' END;
    IF outcome IN ('rate', 'disabled') OR (outcome <> 'taken' AND many > 0) THEN
        RETURN;
    END IF;
    IF dry THEN
        SELECT u.used INTO held FROM quotas_quotause u
        WHERE u.account_id = owner AND u.service_name = service AND u.feature_key = feature;
        IF many < 0 THEN
            held := greatest(0, held + many);
        ELSIF cap = -1 OR coalesce(held, 0) + many <= cap THEN
            held := least(9000000000000000, coalesce(held, 0) + many);
        ELSE
            outcome := 'spent';
        END IF;
    ELSIF many < 0 THEN
        UPDATE quotas_quotause u SET used = greatest(0, u.used + many), updated_at = moment
        WHERE u.account_id = owner AND u.service_name = service AND u.feature_key = feature
        RETURNING u.used INTO held;
    ELSE
        UPDATE quotas_quotause u
        SET used = least(9000000000000000, u.used + many), updated_at = moment
        WHERE u.account_id = owner AND u.service_name = service AND u.feature_key = feature
            AND (cap = -1 OR u.used + many <= cap)
        RETURNING u.used INTO held;
        IF held IS NULL AND (cap = -1 OR many <= cap) THEN
            INSERT INTO quotas_quotause AS u
                (id, account_id, service_name, feature_key, used, updated_at)
            VALUES (gen_random_uuid(), owner, service, feature, many, moment)
            ON CONFLICT (account_id, service_name, feature_key) DO UPDATE
            SET used = least(9000000000000000, u.used + many), updated_at = moment
            WHERE cap = -1 OR u.used + many <= cap
            RETURNING u.used INTO held;
        END IF;
        IF held IS NULL THEN
            outcome := 'spent';
            SELECT u.used INTO held FROM quotas_quotause u
            WHERE u.account_id = owner AND u.service_name = service AND u.feature_key = feature;
        END IF;
    END IF;
    -- What is held may be given back on a tier that no longer has the quota, or on none.
    IF many < 0 AND held IS NOT NULL THEN
        outcome := 'taken';
        cap := coalesce(cap, 0);
    END IF;
    held := coalesce(held, 0);
    IF outcome = 'taken' AND person IS NOT NULL AND NOT dry THEN
        PERFORM quotas_remember(owner, person, 'quota', service, feature, many, '', moment);
    END IF;
END $$
"""
TABLES = ["quotause", "usertally", "userevent"]


class Migration(migrations.Migration):
    dependencies = [("billing", "0002_tables"), ("quotas", "0001_tables")]
    operations = [
        migrations.RunSQL(REVISIONS, DROP_REVISIONS),
        migrations.RunSQL(REMEMBER, "DROP FUNCTION quotas_remember"),
        migrations.RunSQL(REMEMBER_RATE, "DROP FUNCTION quotas_remember_rate"),
        migrations.RunSQL(TAKE, "DROP FUNCTION quotas_take"),
    ] + [
        migrations.RunSQL(
            f"ALTER TABLE quotas_{table} SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05)",
            f"ALTER TABLE quotas_{table} RESET (fillfactor, autovacuum_vacuum_scale_factor)",
        )
        for table in TABLES
    ]
