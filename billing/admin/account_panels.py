"""What the engine shows of an account on its tenant's page."""

from __future__ import annotations

from typing import Final

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from billing.admin import formatting, prices
from billing.admin.panels import Panel, account_panel
from billing.admin.subscriptions import period_of
from billing.models import Account, CreditGrant
from billing.subscriptions.queries import shown

SHOWN: Final = 10


@account_panel
def subscription_panel(account: Account) -> Panel:
    """The live subscription."""
    found = shown().live().filter(account=account).first()  # type: ignore[attr-defined]
    rows = []
    if found is not None:
        version = found.plan_version
        rows = [
            [_("Plan"), formatting.link("billing_subscription_change", version, found.pk)],
            [_("Status"), formatting.status_label(found.status)],
            [_("Fee"), prices.fee(version.price_minor, version.currency, version.interval)],
            [_("Current period"), period_of(found)],
            [_("Started"), formatting.moment(found.started_at)],
        ]
    return Panel(
        title=_("Subscription"),
        rows=rows,
        empty=_("No live subscription."),
        more_url=f"{reverse('admin:billing_subscription_changelist')}?q={account.pk}",
        more_text=_("All"),
    )


@account_panel
def credit_panel(account: Account) -> Panel:
    """The newest credit grants."""
    grants = CreditGrant.objects.filter(account=account).order_by("-created_at")[:SHOWN]
    rows = [
        [
            formatting.moment(grant.created_at),
            grant.reason or formatting.NONE,
            formatting.money(grant.amount_minor, account.currency),
            formatting.money(grant.remaining_minor, account.currency),
            formatting.moment(grant.expires_at),
        ]
        for grant in grants
    ]
    return Panel(
        title=_("Credit"),
        headers=[_("Granted"), _("Reason"), _("Amount"), _("Left"), _("Expires")],
        rows=rows,
        right=frozenset({2, 3}),
        empty=_("No credit was granted."),
    )


@account_panel
def links_panel(account: Account) -> Panel:
    """Where else this tenant is seen."""
    usage = f"{reverse('back-office-usage')}?tenant={account.pk}"
    audit = f"{reverse('admin:billing_auditentry_changelist')}?account__id__exact={account.pk}"
    rows = [
        [_("Id"), formatting.code(account.pk)],
        [_("Usage"), formatting.anchor(usage, _("Events, newest first"))],
        [_("Audit log"), formatting.anchor(audit, _("Who changed what"))],
    ]
    if account.test_clock is not None:
        clock = account.test_clock
        rows.append([_("Test clock"), formatting.link("billing_testclock_change", clock, clock.pk)])
    return Panel(title=_("See also"), rows=rows)
