"""A subscription's life and its coupons, told for the API document."""

from __future__ import annotations

from typing import Any

from tests.api.story.recorder import Story

LARGE = {
    "code": "large",
    "name": "Large",
    "currency": "EUR",
    "interval": "MONTH",
    "price": "90.00",
}


def life(story: Story, tenant: str, subscription: str) -> None:
    """Change, pause, cancel, come back, and get something off."""
    path = f"/subscriptions/{subscription}"
    story.call("POST", "/plans", LARGE, status=201)
    change = {"newPlanId": "large", "when": "NOW"}
    story.tell("change_plan", "At once", "POST", f"{path}/change-plan", change)
    back = {"newPlanId": "payg", "when": "PERIOD_END"}
    story.tell("change_plan", "From the next period on", "POST", f"{path}/change-plan", back)
    story.tell(
        "change_plan",
        "Other currency",
        "POST",
        f"{path}/change-plan",
        {"newPlanId": "pro", "when": "NOW"},
        status=409,
    )
    story.tell("pause_subscription", "For a while", "POST", f"{path}/pause")
    story.tell("pause_subscription", "Again", "POST", f"{path}/pause", status=409)
    story.tell("resume_subscription", "Resumed", "POST", f"{path}/resume")
    off = {"discountPercent": "15", "durationMonths": 3, "reason": "For the trouble"}
    story.tell("give_discount", "15 % for three months", "POST", f"{path}/discount", off)
    end = {"reason": "Moving on"}
    story.tell("cancel_subscription", "With the period", "POST", f"{path}/cancel", end)
    story.tell("reactivate_subscription", "Taken back", "POST", f"{path}/reactivate")
    story.tell("reactivate_subscription", "Again", "POST", f"{path}/reactivate", status=409)
    coupons(story, tenant)


def coupons(story: Story, tenant: str) -> None:
    """Make a coupon, ask about it, redeem it."""
    offer = {
        "code": "SPRING-10",
        "discountType": "PERCENTAGE",
        "discountValue": "10",
        "durationMonths": 3,
        "maxRedemptions": 100,
        "expiresAt": "2026-07-01T00:00:00Z",
    }
    made = story.tell("create_coupon", "10 % in spring", "POST", "/coupons", offer, status=201)
    taken = {**offer, "code": "spring-10"}
    story.tell("create_coupon", "Taken", "POST", "/coupons", taken, status=409)
    path = f"/coupons/{made['id']}"
    story.tell("get_coupon", "10 % in spring", "GET", path)
    story.tell("list_coupons", "Those on offer", "GET", "/coupons?active=true")
    ask = {"code": "spring-10", "tenantId": tenant}
    story.tell("validate_coupon", "It can", "POST", "/coupons/validate", ask)
    story.tell("redeem_coupon", "Redeemed", "POST", "/coupons/redeem", ask)
    story.tell("validate_coupon", "It can't", "POST", "/coupons/validate", ask)
    story.tell("redeem_coupon", "Again", "POST", "/coupons/redeem", ask, status=409)
    nobody = {**ask, "code": "winter"}
    story.tell("redeem_coupon", "Unknown", "POST", "/coupons/redeem", nobody, status=409)
    refused: dict[str, dict[str, Any]] = {
        "Expired": {"expiresAt": "2026-03-20T12:05:00Z"},
        "Exhausted": {"maxRedemptions": 1},
        "Plan": {"applicablePlanIds": ["pro"]},
        "Currency": {"currency": "USD"},
        "Minimum": {"minimumAmount": "500"},
    }
    for name, fields in refused.items():
        given = {**offer, "code": name, **fields}
        story.call("POST", "/coupons", given, status=201)
    story.call("POST", "/coupons/redeem", {**ask, "code": "Exhausted"}, status=200)
    story.at("2026-03-20T12:06:00+00:00")
    for name in refused:
        story.tell(
            "redeem_coupon", name, "POST", "/coupons/redeem", {**ask, "code": name}, status=409
        )
    story.tell("deactivate_coupon", "Off the offer", "POST", f"{path}/deactivate")
    story.tell("redeem_coupon", "Inactive", "POST", "/coupons/redeem", ask, status=409)
